"""The map: what listens, who is connected to what and how it is protected, compared with what is declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.evidence import Recorder
from fixtures.tls.links import Scene
from fixtures.verdicts import unknown

Judge = Callable[[str, Scene], None]


@pytest.mark.requirement("TLS-001")
def test_every_listening_socket_is_declared(scene: Scene, judge_map: Judge, record: Recorder) -> None:
    """No process of any component listens on a port that the map does not have."""
    record.figure("listening sockets", len(scene.sockets), "sockets")
    if not scene.sockets:
        unknown("no socket was seen at all, not even a declared one: the processes were not to be seen")
    judge_map("socket-undeclared", scene)


@pytest.mark.requirement("TLS-001")
def test_what_belongs_on_loopback_is_bound_to_it(scene: Scene, judge_map: Judge) -> None:
    """A listener that only its own host or pod may reach is bound to the loopback address."""
    judge_map("socket-on-every-address", scene)


@pytest.mark.requirement("TLS-001")
def test_every_declared_listener_listens(scene: Scene, judge_map: Judge) -> None:
    """What the map says is served is served: a map of things that are not there judges nothing."""
    judge_map("listener-absent", scene)


@pytest.mark.requirement("TLS-001")
def test_every_open_connection_is_a_declared_link(busy_scene: Scene, judge_map: Judge, record: Recorder) -> None:
    """While events flow, no component is connected to a port to which the map has no link from it."""
    record.figure("connections seen", len(busy_scene.connections), "client, server and port")
    if not busy_scene.connections:
        unknown("no connection was seen while events were sent: the processes were not to be seen")
    judge_map("connection-undeclared", busy_scene)


@pytest.mark.requirement("TLS-001")
def test_every_listener_is_protected_as_declared(declared: Scene, judge_map: Judge, record: Recorder) -> None:
    """Each port that can be reached demands what its policy says: nothing, TLS, or TLS with a client certificate."""
    record.figure("listeners asked", len(declared.spoken), f"of {len(declared.listeners)}")
    if not declared.spoken:
        unknown("no listener can be reached from here")
    judge_map("policy-differs", declared)


@pytest.mark.requirement("TLS-001")
def test_every_plaintext_has_a_reason(declared: Scene, judge_map: Judge) -> None:
    """Each port and each link without TLS carries upstream's reason."""
    judge_map("plaintext-without-reason", declared)


@pytest.mark.requirement("TLS-001")
def test_every_link_leads_to_a_listener(declared: Scene, judge_map: Judge) -> None:
    """Each declared link leads to a port that its server serves, and that demands what the link promises."""
    judge_map("link-without-listener", declared)
