"""A stack's ports: free, distinct, and a wished one that is taken or no port is one clear sentence."""

from __future__ import annotations

import socket

import pytest

from fixtures.embedded.site import PORTS, allocate_ports
from fixtures.errors import BadInput


def test_every_name_gets_a_free_port_of_its_own() -> None:
    ports = allocate_ports()
    assert set(ports) == set(PORTS)
    assert len(set(ports.values())) == len(PORTS)
    for port in ports.values():
        with socket.socket() as link:
            assert link.connect_ex(("127.0.0.1", port)) != 0


def test_the_wished_door_port_is_used() -> None:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        free = link.getsockname()[1]
    assert allocate_ports(str(free))["door"] == free


def test_a_door_port_in_use_is_refused_with_the_way_out() -> None:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        link.listen()
        taken = link.getsockname()[1]
        with pytest.raises(BadInput, match=rf"port {taken} cannot be used.*SENTRY_CONFORMANCE_DOOR_PORT"):
            allocate_ports(str(taken))


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1", "8443 "])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="must be a port number"):
        allocate_ports(text)
