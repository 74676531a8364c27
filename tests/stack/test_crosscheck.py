"""An independent scanner agrees with ours on every TLS listener of a running stack: versions, suites and chain."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.clients import resolver
from fixtures.embedded import start
from fixtures.embedded.server import LOOPBACK
from fixtures.embedded.stack import EmbeddedStack
from fixtures.servers_bench import names
from fixtures.tls import scanner
from fixtures.tls.scan import scan
from fixtures.tls.words import fingerprint

# Its front closes the connection of a client without a certificate and sends no alert (Python's asyncio), which sslyze
# takes for a server that is not there.
CLOSES = ("clickhouse",)


@pytest.fixture(scope="module")
def program() -> Path:
    found = scanner.installed()
    if found is None:
        pytest.skip(f"sslyze is not installed, so nothing was compared; next: {scanner.INSTALL}")
    return found


@pytest.fixture(scope="module")
def stack(program: Path, request: pytest.FixtureRequest) -> Iterator[EmbeddedStack]:
    """A running stack: that of ``--join``, or one of its own."""
    assert program
    resolver.install({})
    joined = request.config.getoption("--join")
    if joined is not None:
        yield EmbeddedStack(start.find(joined))
        return
    own = start.start(kept=False)
    try:
        yield EmbeddedStack(own.root)
    finally:
        start.end(own)


@pytest.mark.parametrize("name", names("embedded"))
def test_an_independent_scanner_agrees(program: Path, stack: EmbeddedStack, name: str) -> None:
    listener = next(one for one in stack.wire.listeners if one.name == name)
    client = stack.wire.client("suite") if listener.policy == "mtls" else None
    ours = scan(listener, client)
    theirs = scanner.look(program, listener, LOOPBACK, client if name in CLOSES else None)
    assert ours.trouble == ""
    assert {version: frozenset(suites) for version, suites in ours.suites.items()} == theirs.suites
    assert ours.accepted == tuple(theirs.suites)
    assert tuple(fingerprint(one) for one in ours.shown.chain) == theirs.chain
    assert name in CLOSES or ours.stranger.asked is (theirs.client != "DISABLED")
