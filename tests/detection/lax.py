"""TLS servers in front of a stack's listeners that are lax in one thing and hand on what passes as a good client would.

It is what a sidecar or a mesh in front of a store does that ends TLS itself. The stack goes on unharmed: its list of
ports, which checks read, leads to these until it is healed.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography import x509
from OpenSSL import SSL

from fixtures.embedded.server import LOOPBACK
from fixtures.pki.x509 import common_name
from fixtures.stack import Identity
from fixtures.tls.hello import POSTGRES_TLS

PATIENCE = 5.0  # seconds until a silent end is given up
HANDSHAKE = 0x16  # the first byte of TLS
Forgives = Callable[[x509.Certificate, int], bool]
# Whom a client says to be: PostgreSQL's start-up message, ClickHouse's header.
CLAIMS = (re.compile(rb"user\0([\w-]+)\0"), re.compile(rb"X-ClickHouse-User: ([\w-]+)"))
LOGIN = re.compile(rb"(?:X-ClickHouse-[\w-]+|Authorization): [^\r]*\r\n")


@dataclass(frozen=True, kw_only=True)
class Laxness:
    """What is not looked at. ``forgives`` says of a certificate and OpenSSL's error code that it may pass.

    ``demands`` is off where a client without a certificate may pass, ``plaintext`` on where one without TLS may,
    ``believes`` on where a client is whom it says to be, whatever its certificate names.
    """

    forgives: Forgives = field(default=lambda _certificate, _code: False)
    demands: bool = True
    plaintext: bool = False
    believes: bool = False
    trusts: Identity | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A listener: where it really is, what it shows, and as whom strangers are handed on."""

    name: str
    protocol: str
    port: int
    served: Identity
    users: Mapping[str, Identity]
    fallback: Identity


class LaxServer:
    """One listening socket in front of a listener, and the threads that serve it."""

    def __init__(self, place: Place, laxness: Laxness) -> None:
        self._place, self._lax = place, laxness
        self._context = self._server_side()
        self._listening = socket.create_server((LOOPBACK, 0), backlog=64)
        self._listening.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        """End it."""
        self._ended.set()
        self._thread.join()
        self._listening.close()

    def _server_side(self) -> SSL.Context:
        made = SSL.Context(SSL.TLS_SERVER_METHOD)
        made.use_certificate_chain_file(str(self._place.served.certificate))
        made.use_privatekey_file(str(self._place.served.key))
        made.load_verify_locations(str((self._lax.trusts or self._place.served).ca))
        demanded = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if self._lax.demands else 0
        made.set_verify(SSL.VERIFY_PEER | demanded, self._judge)
        made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return made

    def _judge(self, _link: SSL.Connection, certificate: object, code: int, _depth: int, fine: int) -> bool:
        return bool(fine) or self._lax.forgives(certificate.to_cryptography(), code)  # type: ignore[attr-defined]

    def _serve(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                link, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def _answer(self, link: socket.socket) -> None:
        link.settimeout(PATIENCE)
        with contextlib.suppress(OSError, SSL.Error, ssl.SSLError), link:
            first = link.recv(len(POSTGRES_TLS), socket.MSG_PEEK)
            if self._place.protocol == "postgresql" and first == POSTGRES_TLS:
                link.recv(len(POSTGRES_TLS))
                link.sendall(b"S")
            elif first[:1] != bytes([HANDSHAKE]):
                if self._lax.plaintext:
                    self._hand_on(link, "")
                return
            link.settimeout(None)
            secure = SSL.Connection(self._context, link)
            secure.set_accept_state()
            secure.do_handshake()
            shown = secure.get_peer_certificate()
            self._hand_on(secure, common_name(shown.to_cryptography()) if shown else "")
            with contextlib.suppress(SSL.Error):
                secure.shutdown()

    def _hand_on(self, client: socket.socket | SSL.Connection, named: str) -> None:
        """Say it to the true server as the user that the certificate names, or as whom the client says to be."""
        words = client.recv(65536)
        claimed = next((found[1].decode() for claim in CLAIMS if (found := claim.search(words))), "")
        known = self._place.users
        user = claimed if self._lax.believes or named not in known else named
        identity = known.get(user, self._place.fallback)
        if self._place.protocol == "https":
            words = LOGIN.sub(b"", words)
        with socket.create_connection((LOOPBACK, self._place.port), PATIENCE) as link:
            if self._place.protocol == "postgresql":
                link.sendall(POSTGRES_TLS)
                link.recv(1)
            context = ssl.create_default_context(cafile=str(identity.ca))
            context.load_cert_chain(identity.certificate, identity.key)
            with context.wrap_socket(link, server_hostname="localhost") as server:
                server.sendall(words)
                _pump(client, server)


def _pump(client: socket.socket | SSL.Connection, server: ssl.SSLSocket) -> None:
    """Carry bytes both ways until one end closes."""
    while True:
        buffered = server.pending() > 0
        ready = [server] if buffered else select.select([client, server], [], [], PATIENCE)[0]
        if not ready:
            return
        if server in ready:
            data = server.recv(65536)
            client.sendall(data)
        else:
            data = client.recv(65536)
            server.sendall(data)
        if not data:
            return


def stand_before(places: list[Place], laxness: Laxness) -> tuple[dict[str, int], Callable[[], None]]:
    """Start one for each listener; their ports, and how to end them."""
    started = {place.name: LaxServer(place, laxness) for place in places}

    def end() -> None:
        for one in started.values():
            one.close()

    return {name: one.port for name, one in started.items()}, end
