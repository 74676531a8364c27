"""``python -m tests.benchmark_generator``: the load generator beside Locust's FastHttpUser, against a null sink.

Both run in this process on one core, turn by turn, with envelopes of 1 KB; the sink has the other core. Then the same
door stands still for two seconds, and what each says of it is held against the truth. The exit code is 1 when a bar is
missed.
"""

from __future__ import annotations

import locust  # isort: skip - it patches what the rest imports

import argparse
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gevent
import numpy as np
from locust.env import Environment

from fixtures.load.corpus.build import Address, Corpus
from fixtures.load.engine import Engine, Job
from fixtures.load.identity import event_id, new_run
from fixtures.load.ledger import Page, Reply
from fixtures.load.order import Door
from fixtures.load.schedule import Wanted, schedule
from tests.benchmark import Figure

ROOT = Path(__file__).parents[1]
KEY = "0123456789abcdef0123456789abcdef"
SENDERS, TURNS, SECONDS, WARM = 50, 3, 3.0, 1.0
FAST = 1_000_000.0
"""A rate that no generator reaches, so that each does what it can."""
RATE, STALL, AFTER, LASTS = 500, 2.0, 4.0, 12.0


class NoPage(Page):
    """A ledger that writes nothing down, to see what writing costs."""

    def planned(self, due: float) -> int:  # noqa: ARG002
        self.count += 1
        return self.count - 1

    def sent(self, sequence: int, late: float) -> None:
        pass

    def acknowledged(self, sequence: int, latency: float) -> None:  # noqa: ARG002
        self.answered_well = getattr(self, "answered_well", 0) + 1

    def refused(self, sequence: int, latency: float, reply: Reply) -> None:
        pass


@contextlib.contextmanager
def sink(core: int, *options: str) -> Iterator[int]:
    """A door on a core of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.sink", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        os.sched_setaffinity(process.pid, {core})
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate()


def ours(port: int, *, ledger: bool) -> float:
    """Events a second, each with an id of its own, an entry in the ledger, and a schedule to keep."""
    corpus = Corpus(Address(host=f"127.0.0.1:{port}", project=1, key=KEY), "1k")
    door = Door(url=f"http://127.0.0.1:{port}", project=1, key=KEY)
    dues = (number / FAST for number in itertools.count())
    job = Job(run=new_run(), worker=0, dues=dues, build=corpus.request, peer=door.peer())
    engine = Engine(job, page=None if ledger else NoPage(0))
    senders = [gevent.spawn(engine.serve) for _ in range(SENDERS)]
    gevent.sleep(0)
    engine.begin()

    def answered() -> int:
        page = engine.page
        return page.answered_well if isinstance(page, NoPage) else len(page.acked())

    rate = _rate(answered)
    engine.end()
    gevent.joinall(senders, timeout=2)
    return rate


def _rate(count: Any) -> float:  # noqa: ANN401
    gevent.sleep(WARM)
    before, began = count(), time.perf_counter()
    gevent.sleep(SECONDS)
    return float((count() - before) / (time.perf_counter() - began))


def theirs(port: int, *, wait: Any = None, users: int = SENDERS, lasts: float = 0.0) -> tuple[float, Environment]:  # noqa: ANN401
    """FastHttpUser as its documentation has it: unique ids in a prebuilt envelope, no ledger, no schedule."""
    corpus = Corpus(Address(host="x", project=1, key=KEY), "1k")
    moment = b"2026-11-25T06:00:00.000Z"
    bodies = [template.request(b"0" * 32, moment).partition(b"\r\n\r\n")[2] for template in corpus.templates[1000]]
    plain = [body for body in bodies if body.startswith(b"{")]
    run, numbers = new_run(), itertools.count()
    headers = {"Content-Type": "application/x-sentry-envelope", "X-Sentry-Auth": f"Sentry sentry_key={KEY}"}

    def send(user: Any) -> None:  # noqa: ANN401
        number = next(numbers)
        body = plain[number % len(plain)].replace(b"0" * 32, event_id(run, 0, number).encode())
        user.client.post("/api/1/envelope/", data=body, headers=headers)

    members = {"tasks": [send], "host": f"http://127.0.0.1:{port}", "abstract": False} | (
        {"wait_time": wait} if wait else {}
    )
    patient = type("Patient", (locust.FastHttpUser,), members)
    environment = Environment(user_classes=[patient])
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users)
    if lasts:
        gevent.sleep(lasts)
        rate = 0.0
    else:
        rate = _rate(lambda: environment.stats.total.num_requests)
    runner.quit()
    return rate, environment


def speed() -> Iterator[Figure]:
    """Both, turn by turn, so that a noisy neighbour meets both."""
    mine, bare, other = [], [], []
    with sink(1) as port:
        for _ in range(TURNS):
            other.append(theirs(port)[0])
            mine.append(ours(port, ledger=True))
            bare.append(ours(port, ledger=False))
    fast, ledger, none = (statistics.median(found) for found in (other, mine, bare))
    yield Figure(name="FastHttpUser, 1 KB, one core", value=fast, unit="/s")
    yield Figure(name="generator without a ledger", value=none, unit="/s")
    yield Figure(name="generator with its ledger", value=ledger, unit="/s")
    yield Figure(name="generator over FastHttpUser", value=ledger / fast, unit="times", bar=1, at_least=True)
    yield Figure(name="cost of the ledger", value=100 * (1 - ledger / none), unit="%", bar=10)


def stall() -> Iterator[Figure]:
    """Two seconds of standstill at 500/s: the truth, what the generator says, and what a patient tester says."""
    options = ("--stall-after", str(AFTER), "--stall", str(STALL))
    with sink(1, *options) as port:
        door = Door(url=f"http://127.0.0.1:{port}", project=1, key=KEY)
        corpus = Corpus(Address(host=door.host, project=1, key=KEY), "1k")
        made = schedule(Wanted(rate=RATE, seconds=LASTS))
        job = Job(run=new_run(), worker=0, dues=made.share(0, 1), build=corpus.request, peer=door.peer())
        engine = Engine(job)
        senders = [gevent.spawn(engine.serve) for _ in range(int(RATE * STALL * 1.2))]
        gevent.sleep(0.5)
        engine.begin()
        while not engine.done:
            gevent.sleep(0.05)
        engine.end()
        gevent.joinall(senders, timeout=2)
    due = engine.page.due
    truth = np.percentile(np.where((due >= AFTER) & (due < AFTER + STALL), AFTER + STALL - due, 0) * 1000, 99)
    said = np.percentile(engine.page.latency, 99)
    with sink(1, *options) as port:
        patient = theirs(port, wait=locust.constant_throughput(RATE / 10), users=10, lasts=LASTS)[1]
    yield Figure(name="p99 through a 2 s stall at 500/s: the truth", value=float(truth), unit="ms")
    yield Figure(name="  as the generator says", value=float(said), unit="ms")
    yield Figure(name="  as FastHttpUser says (10 users, constant_throughput)",
        value=float(patient.stats.total.get_response_time_percentile(0.99)), unit="ms")  # fmt: skip
    yield Figure(name="  error of the generator", value=float(abs(said / truth - 1) * 100), unit="%", bar=5)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark_generator", description=__doc__)
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as well")
    chosen = parser.parse_args(arguments)
    os.sched_setaffinity(0, {0})
    figures = []
    for part in (speed, stall):
        for figure in part():
            figures.append(figure)
            print(figure.line(), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
