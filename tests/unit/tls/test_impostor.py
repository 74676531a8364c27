"""An impostor tells a client that verifies from one that does not."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.impostors import Visit
from fixtures.pki import foreign_authority, issue
from fixtures.pki.x509 import SERVER_AUTH
from fixtures.stack import Endpoint, Identity
from fixtures.tls.hello import POSTGRES_TLS
from fixtures.tls.impostor import POSTGRES_GSS, TlsImpostor, listening
from fixtures.waiting import Reached, wait_for


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as link:
        return int(link.getsockname()[1])


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder = tmp_path_factory.mktemp("served") / "foreign-ca"
    return issue(
        folder, authority=foreign_authority(), common_name="x", usages=(SERVER_AUTH,), dns_names=("localhost",)
    )


Running = tuple[TlsImpostor, int]


@pytest.fixture(params=["https", "postgresql"])
def running(request: pytest.FixtureRequest, identity: Identity) -> Iterator[tuple[Running, str]]:
    port = _free_port()
    address = Endpoint(host="127.0.0.1", port=port)
    with listening(address, request.param, identity, lambda peer: f"peer {peer > 0}") as impostor:
        yield (impostor, port), request.param


def _one(impostor: TlsImpostor) -> Visit:
    def probe() -> Reached[Visit] | str:
        found = impostor.visits()
        return Reached(found[0]) if found else "nobody yet"

    return wait_for("a visit", probe, timeout=10)


def _connect(port: int, protocol: str) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=5)
    if protocol == "postgresql":
        link.sendall(POSTGRES_GSS)
        assert link.recv(1) == b"N"
        link.sendall(POSTGRES_TLS)
        assert link.recv(1) == b"S"
    return link


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_client_that_verifies_is_seen_to_turn_away(running: tuple[Running, str]) -> None:
    (impostor, port), protocol = running
    with contextlib.suppress(ssl.SSLError), _connect(port, protocol) as link:
        ssl.create_default_context().wrap_socket(link, server_hostname="localhost")
    visit = _one(impostor)
    assert (visit.client, visit.shown, visit.shaken, visit.spoke) == ("peer True", "foreign-ca", False, False)
    assert "unknown ca" in visit.said


def test_a_client_that_does_not_verify_is_heard(running: tuple[Running, str]) -> None:
    (impostor, port), protocol = running
    with _connect(port, protocol) as link, _trusting().wrap_socket(link) as secure:
        secure.sendall(b"secrets")
        assert _one(impostor).spoke


def test_a_client_that_looks_at_the_name_after_the_handshake_told_nothing(running: tuple[Running, str]) -> None:
    (impostor, port), protocol = running
    with _connect(port, protocol) as link, _trusting().wrap_socket(link):
        pass
    visit = _one(impostor)
    assert (visit.shaken, visit.spoke, visit.ended) == (True, False, True)


def test_a_client_without_tls_is_heard(running: tuple[Running, str]) -> None:
    (impostor, port), _ = running
    with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
        link.sendall(b"GET / HTTP/1.0\r\n\r\n")
        visit = _one(impostor)
    assert (visit.plain, visit.spoke) == (True, True)


def test_another_certificate_can_be_shown(identity: Identity, tmp_path: Path) -> None:
    other = issue(tmp_path / "wrong-name", authority=foreign_authority(), common_name="y", usages=(SERVER_AUTH,))
    port = _free_port()
    with listening(Endpoint(host="127.0.0.1", port=port), "https", identity, lambda _: "") as impostor:
        impostor.show(other)
        with contextlib.suppress(ssl.SSLError), _connect(port, "https") as link:
            ssl.create_default_context().wrap_socket(link, server_hostname="localhost")
        assert _one(impostor).shown == "wrong-name"
