"""``python -m tests.benchmarks.sink``: a door that answers everything with 200 as fast as it can, or as it is told.

It prints its port. ``--stall-after`` and ``--stall`` freeze it once (seconds, from its first request): nothing is
answered, as with a stopped server. ``--status`` answers that instead of 200. It ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import sys
from pathlib import Path

LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
BODIES = {
    200: b'{"id":"0"}',
    403: b'{"detail":"event submission rejected with_reason: ProjectId"}',
    429: b'{"detail":"quota"}',
}


class Door(asyncio.Protocol):
    """One connection."""

    frozen: asyncio.Event | None = None
    first: float | None = None
    stall: tuple[float, float] | None = None
    answer = b""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        while True:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            found = LENGTH.search(self._data, 0, end + 2)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._data) < size:
                return
            self._data = self._data[size:]
            self._reply()

    def _reply(self) -> None:
        assert self._transport is not None
        wait = self._wait()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._transport.write, self.answer)
        else:
            self._transport.write(self.answer)

    def _wait(self) -> float:
        if Door.stall is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        if Door.first is None:
            Door.first = now
        after, seconds = Door.stall
        since = now - Door.first
        return after + seconds - since if after <= since < after + seconds else 0.0


async def serve(chosen: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    body = BODIES.get(chosen.status, b"")
    Door.answer = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        chosen.status, len(body), body,
    )  # fmt: skip
    Door.stall = (chosen.stall_after, chosen.stall) if chosen.stall else None
    context = None
    if chosen.identity:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chosen.identity / "tls.crt", chosen.identity / "tls.key")
    server = await loop.create_server(Door, "127.0.0.1", chosen.port, backlog=4096, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sys.stdin, _end, ended)
    await ended


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--stall-after", type=float, default=0.0)
    parser.add_argument("--stall", type=float, default=0.0)
    parser.add_argument("--identity", type=Path)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
