"""TLS servers of our own that stand at the declared places of a stack's listeners, and do whatever a fault wants.

The stack itself goes on unharmed: its list of ports, which checks read, leads to the impostors until it is healed.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fixtures.embedded.server import LOOPBACK
from fixtures.stack import Identity
from fixtures.tls.hello import POSTGRES_TLS

PATIENCE = 5.0  # seconds until a silent client is given up
SSL_REQUEST = len(POSTGRES_TLS)


@dataclass(frozen=True, kw_only=True)
class Guise:
    """How an impostor behaves: its certificate, what it accepts, and what it shows to names that it does not know."""

    identity: Identity
    names: tuple[str, ...] = ()
    stranger: Identity | None = None
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    ciphers: str = "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=0"

    def context(self) -> ssl.SSLContext:
        """What ``ssl`` needs for it."""
        made = self._context(self.identity)
        if self.stranger is not None:
            other = self._context(self.stranger)

            def choose(link: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
                link.context = made if name in self.names else other

            made.sni_callback = choose
        return made

    def _context(self, identity: Identity) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_ciphers(self.ciphers)
        # Setting an old version is deprecated, and warnings are errors: the options of OpenSSL say the same.
        if self.lowest >= ssl.TLSVersion.TLSv1_2:
            made.minimum_version = self.lowest
        else:
            made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.load_cert_chain(identity.certificate, identity.key)
        return made


class Impostor:
    """One listening socket and the threads that answer on it."""

    def __init__(self, guise: Guise, *, postgres: bool = False) -> None:
        self._context, self._postgres = guise.context(), postgres
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

    def _serve(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                link, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(link,), daemon=True).start()

    def _answer(self, link: socket.socket) -> None:
        link.settimeout(PATIENCE)
        with contextlib.suppress(OSError), link:
            if self._postgres:
                link.recv(SSL_REQUEST)
                link.sendall(b"S")
            with self._context.wrap_socket(link, server_side=True) as secure:
                secure.recv(1)
                secure.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")


def stand_in(guises: Mapping[str, Guise]) -> tuple[dict[str, int], Callable[[], None]]:
    """Start an impostor for each listener; their ports, and how to end them."""
    started = {name: Impostor(guise, postgres=name == "postgres") for name, guise in guises.items()}

    def end() -> None:
        for one in started.values():
            one.close()

    return {name: one.port for name, one in started.items()}, end
