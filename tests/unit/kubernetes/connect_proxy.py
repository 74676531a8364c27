"""A small HTTP proxy on loopback that knows CONNECT only, and counts its tunnels."""

from __future__ import annotations

import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Tunnel(socketserver.StreamRequestHandler):
    """One tunnel: the request line, the answer, and then bytes both ways until one side ends."""

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split(" ", 2)
        while self.rfile.readline().strip():
            continue
        assert method == "CONNECT"
        host, _, port = target.rpartition(":")
        self.server.targets.append(target)  # type: ignore[attr-defined]
        with socket.create_connection((host, int(port)), timeout=10) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pump(self.connection, far)


def _pump(near: socket.socket, far: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while True:
            for key, _ in selector.select():
                data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if not data:
                    return
                key.data.sendall(data)


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Its URL, and the ``host:port`` of every tunnel so far."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tunnel)
    server.daemon_threads = True
    server.targets = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.targets  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
