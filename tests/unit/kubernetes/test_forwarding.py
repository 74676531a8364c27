"""A forwarded port: what a client and a pod say to each other passes whole, and both ends end together."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from kubernetes.client import Configuration

from fixtures.kubernetes.forwarding import PROTOCOL, Forwarding

PORT = 5432


class PodEnd:
    """An API server with one pod that answers each message in capitals, and says good-bye after ``last``."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def _serve(self) -> None:
        link, _ = self.server.accept()
        with link, link.makefile("rb") as stream:
            head = b"".join(iter(stream.readline, b"\r\n")).decode()
            self.asked += head.splitlines()
            key = next(line.split(": ")[1] for line in self.asked if line.lower().startswith("sec-websocket-key"))
            accept = base64.b64encode(
                hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False).digest()
            )
            link.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + f"Sec-WebSocket-Protocol: {PROTOCOL}\r\nSec-WebSocket-Accept: {accept.decode()}\r\n\r\n".encode()
            )
            for channel in (0, 1):
                _send(link, bytes([channel]) + struct.pack("<H", PORT))
            while (said := _read(stream)) is not None:
                _send(link, b"\0" + said[1:].upper())
                if b"last" in said:
                    _send(link, b"\x01gone")  # right behind the last word, as from a server that refuses
                    return

    def close(self) -> None:
        self.server.close()
        self.thread.join()


def _send(link: socket.socket, content: bytes) -> None:
    link.sendall(bytes([0x82, len(content)]) + content)


def _read(stream: object) -> bytes | None:
    head = stream.read(2)  # type: ignore[attr-defined]
    if len(head) < 2 or head[0] & 0x0F == 8:
        return None
    mask = stream.read(4)  # type: ignore[attr-defined]
    content = stream.read(head[1] & 0x7F)  # type: ignore[attr-defined]
    return bytes(byte ^ mask[number % 4] for number, byte in enumerate(content))


@pytest.fixture
def pod() -> Iterator[PodEnd]:
    with closing(PodEnd()) as made:
        yield made


def _configuration(url: str) -> Configuration:
    made = Configuration(host=url)
    made.api_key = {"authorization": "Bearer not-a-secret"}
    return made


def test_both_ends_hear_each_other_to_the_last_byte(pod: PodEnd) -> None:
    with (
        closing(Forwarding(_configuration(pod.url), lambda: ("ns", "pod-0"), PORT)) as made,
        socket.create_connection(("127.0.0.1", made.port), timeout=10) as link,
    ):
        link.sendall(b"hello")
        assert link.recv(100) == b"HELLO"
        link.sendall(b"the last")
        assert link.recv(100) == b"THE LAST"
        assert link.recv(100) == b""
    assert pod.asked[0].startswith(f"GET /api/v1/namespaces/ns/pods/pod-0/portforward?ports={PORT} ")
    assert "authorization: Bearer not-a-secret" in pod.asked


def test_without_a_pod_a_connection_is_cut_off() -> None:
    def nowhere() -> tuple[str, str]:
        raise ConnectionRefusedError

    with (
        closing(Forwarding(_configuration("http://127.0.0.1:1"), nowhere, PORT)) as made,
        socket.create_connection(("127.0.0.1", made.port), timeout=10) as link,
    ):
        assert link.recv(100) == b""


def test_a_closed_one_listens_no_more() -> None:
    made = Forwarding(_configuration("http://127.0.0.1:1"), lambda: ("ns", "pod-0"), PORT)
    made.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made.port), timeout=10)
