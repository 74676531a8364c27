"""Events leave when they are due, and what happened to each is in the ledger, whatever the door does."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import numpy as np
import pytest
from gevent.server import StreamServer

from fixtures.load import engine as engines
from fixtures.load.connection import Peer
from fixtures.load.engine import Engine, Job
from fixtures.load.ledger import Ledger, Page, Reply, State
from fixtures.load.schedule import Wanted, schedule

RUN = "a1b2c3d4e5f6"
ROOT = Path(__file__).parents[3]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def build(_number: int, event_id: bytes, _: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(event_id), event_id)


@contextlib.contextmanager
def sink(*options: str) -> Iterator[int]:
    """A door in a process of its own; its port."""
    command = [sys.executable, "-m", "tests.benchmarks.sink", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()


@contextlib.contextmanager
def door(*answers: bytes) -> Iterator[Peer]:
    """A door in this process: each connection reads requests and gives the answers in turn; b"" closes it."""
    turn = iter([*answers])

    def handle(sock: gevent.socket.socket, _: object) -> None:
        while sock.recv(65_536):
            answer = next(turn, ANSWER)
            if not answer:
                return
            sock.sendall(answer)

    server = StreamServer(("127.0.0.1", 0), handle)
    server.start()
    yield Peer(address="127.0.0.1", port=server.server_port, name="localhost")
    server.stop()


def drive(peer: Peer, wanted: Wanted, *, senders: int = 5, keep: bool = True) -> Engine:
    """A whole run of one worker."""
    made = schedule(wanted)
    engine = Engine(Job(run=RUN, worker=0, dues=made.share(0, 1), build=build, peer=peer, keep=keep))
    greenlets = [gevent.spawn(engine.serve) for _ in range(senders)]
    gevent.sleep(0)
    engine.begin()
    with gevent.Timeout(20):
        while not engine.done:
            gevent.sleep(0.005)
    engine.end()
    gevent.joinall(greenlets, timeout=1)
    assert engine.senders == 0
    return engine


def test_a_stall_is_seen_in_full() -> None:
    """A door that stands still for a second: the p99 must be what people waited, not what a patient tester sees."""
    after, stall, rate, seconds = 0.3, 1.0, 500, 1.5
    with sink("--stall-after", str(after), "--stall", str(stall)) as port:
        peer = Peer(address="127.0.0.1", port=port, name="localhost")
        engine = drive(peer, Wanted(rate=rate, seconds=seconds), senders=600)
    page = engine.page
    waited = (
        np.maximum(0, np.where((page.due >= after) & (page.due < after + stall), after + stall - page.due, 0)) * 1000
    )
    truth = float(np.percentile(waited, 99))
    assert truth > 900
    assert len(page.acked()) == rate * seconds
    assert float(np.percentile(page.latency, 99)) == pytest.approx(truth, rel=0.05)
    assert float(np.median(page.late)) < 20, "events left late although senders were free"


def test_events_wait_in_line_and_their_wait_counts() -> None:
    """One sender, answers of 20 ms, an event every 10 ms: the last of 30 waits about 300 ms."""

    def handle(sock: gevent.socket.socket, _: object) -> None:
        while sock.recv(65_536):
            gevent.sleep(0.02)
            sock.sendall(ANSWER)

    server = StreamServer(("127.0.0.1", 0), handle)
    server.start()
    peer = Peer(address="127.0.0.1", port=server.server_port, name="localhost")
    engine = drive(peer, Wanted(rate=100, seconds=0.3), senders=1)
    server.stop()
    assert engine.page.latency[-1] == pytest.approx(330, abs=100)
    assert (engine.page.latency - engine.page.late).mean() == pytest.approx(20, abs=8)
    assert engine.most_in_flight == 1


def test_what_waits_too_long_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "PATIENCE", 0.1)
    monkeypatch.setattr(engines, "GIVEN_UP", 0.4)
    server = StreamServer(("127.0.0.1", 0), lambda _sock, _address: gevent.sleep(5))
    server.start()
    peer = Peer(address="127.0.0.1", port=server.server_port, name="localhost")
    engine = drive(peer, Wanted(rate=50, seconds=0.5), senders=2)
    server.stop()
    ledger = Ledger(run=RUN, started=0.0)
    ledger.add(engine.page)
    assert ledger.missed > 15
    assert ledger.missed == engine.take().missed
    assert ledger.replies()[Reply(status=None, reason="no answer within 0.4 s")] >= 2
    assert ledger.acknowledged == 0


def test_refusals_keep_their_reason() -> None:
    limited = b"HTTP/1.1 429 No\r\nX-Sentry-Rate-Limits: 60:error:key:quota\r\nContent-Length: 0\r\n\r\n"
    refused = b'HTTP/1.1 403 No\r\nContent-Length: 23\r\n\r\n{"detail":"no project"}'
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with door(limited, refused, chunked, b"nonsense\r\n\r\n", b"") as peer:
        engine = drive(peer, Wanted(rate=100, seconds=0.07), senders=1)
    replies = engine.page.replies()
    assert replies == {
        Reply(status=429, reason="rate limited: error:key:quota"): 1,
        Reply(status=403, reason="no project"): 1,
        Reply(status=None, reason="the answer is no HTTP"): 1,
        Reply(status=None, reason="closed without an answer"): 1,
    }
    assert len(engine.page.acked()) == 3
    assert engine.socket_errors == 2
    assert engine.own_errors == 0


def test_nobody_at_the_door() -> None:
    engine = drive(Peer(address="127.0.0.1", port=1, name="x"), Wanted(rate=100, seconds=0.05), senders=1)
    assert engine.page.replies() == {Reply(status=None, reason="connection refused"): 5}


@pytest.mark.parametrize(("keep", "least", "most"), [(True, 1, 5), (False, 30, 30)])
def test_connections_are_kept_or_made_new(keep: bool, least: int, most: int) -> None:
    met: list[object] = []

    def handle(sock: gevent.socket.socket, _: object) -> None:
        met.append(sock)
        while sock.recv(65_536):
            sock.sendall(ANSWER)

    server = StreamServer(("127.0.0.1", 0), handle)
    server.start()
    peer = Peer(address="127.0.0.1", port=server.server_port, name="localhost")
    drive(peer, Wanted(rate=200, seconds=0.15), senders=20, keep=keep)
    server.stop()
    assert least <= len(met) <= most


def test_an_end_before_its_time_leaves_the_rest_unsent() -> None:
    with door() as peer:
        engine = Engine(
            Job(run=RUN, worker=0, dues=schedule(Wanted(rate=100, seconds=9)).share(0, 1), build=build, peer=peer)
        )
        greenlets = [gevent.spawn(engine.serve) for _ in range(3)]
        gevent.sleep(0)
        engine.begin()
        gevent.sleep(0.2)
        engine.close()
        gevent.joinall(greenlets, timeout=1)
        engine.end()
    assert not engine.scheduled
    assert 10 <= engine.page.count <= 25
    assert set(engine.page.state.tolist()) == {State.ACKED}


def test_ids_and_times_are_those_of_the_event() -> None:
    seen: list[tuple[int, bytes, bytes]] = []

    def remember(number: int, event_id: bytes, moment: bytes) -> bytes:
        seen.append((number, event_id, moment))
        return build(number, event_id, moment)

    with door() as peer:
        job = Job(run=RUN, worker=3, dues=iter([0.0, 0.01]), build=remember, peer=peer)
        engine = Engine(job, page=Page(3))
        sender = gevent.spawn(engine.serve)
        gevent.sleep(0)
        engine.begin()
        gevent.sleep(0.1)
        engine.end()
        sender.join(1)
    assert [one[1] for one in seen] == [b"a1b2c3d4e5f60003" + b"%016x" % number for number in (0, 1)]
    assert all(
        len(one[2]) == 24 and one[2].startswith(time.strftime("%Y-%m-%dT", time.gmtime()).encode()) for one in seen
    )
