"""``python -m tests.benchmark``: the figures an embedded stack must reach, measured, each beside its bar.

A figure with a peer is a ratio to it: the front door against Relay without one. Every load is bounded in count and
in time. The exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fixtures import home
from fixtures.clients.door import DoorClient, Request, envelope_path
from fixtures.clients.envelope import event_envelope, new_event_id
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.embedded import start, status
from fixtures.embedded.stack import EmbeddedStack
from fixtures.errors import SuiteError
from fixtures.ingestion import Bench, Sender, open_bench
from fixtures.ledger import Hop
from fixtures.stack import Usage
from fixtures.timeouts import LIMITS
from fixtures.waiting import until, wait_for

PROJECT = Path(__file__).parents[1]
SENDERS, EVENTS_SENT, IDLE_EVENTS, DOOR_EVENTS = 4, 300, 15, 200
SUITE_LIMIT = 300.0
PADDING = "lorem ipsum " * 60  # an event of about 1 KB, as the facts' load was


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure; ``bar`` is what it must not exceed, or with ``at_least`` must reach."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bar is met; a figure without one is for information."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def line(self) -> str:
        """A row of the table."""
        if self.bar is None:
            return f"{self.name:58}{self.value:>10.3g} {self.unit}"
        sign, mark = (">=", "") if self.at_least else ("<=", "")
        mark = "ok" if self.holds else "MISSED"
        text = f"{self.name:58}{self.value:>10.3g} {self.unit:10} bar {sign} {self.bar:g}"
        return f"{text}, {self.value / self.bar:.2f} of it: {mark}"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; an error is one sentence."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--join", metavar="NAME", help="measure a running stack (its start is then not measured)")
    parser.add_argument("--without-suite", action="store_true", help="leave out the run of the ingestion suite")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as well")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    try:
        with _stack(options.join, figures) as root, contextlib.closing(open_bench(EmbeddedStack(root))) as bench:
            parts: list[Callable[[], Iterator[Figure]]] = [
                lambda: _idle(bench),
                lambda: _throughput(bench),
                lambda: _door(bench),
                lambda: _memory(bench.stack.usage()),
            ]
            if not options.without_suite:
                parts.append(lambda: _suite(root.name))
            for part in parts:
                for figure in part():
                    figures.append(figure)
                    print(figure.line(), flush=True)
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1))
    return 0 if all(figure.holds for figure in figures) else 1


@contextlib.contextmanager
def _stack(join: str | None, figures: list[Figure]) -> Iterator[Path]:
    if join is not None:
        yield start.find(join)
        return
    started = start.start(kept=False)
    try:
        figures.append(Figure(name="stack start, warm", value=started.seconds, unit="s", bar=45))
        print(figures[0].line())
        now = status.read(home.stacks_folder() / started.root.name)
        for server in now.servers if now else ():
            print(f"  {server.name:56}{server.seconds or 0:>10.3g} s")
        yield started.root
    finally:
        start.end(started)


def _idle(bench: Bench) -> Iterator[Figure]:
    """Accepted to readable, one event at a time."""
    sender = bench.sender(bench.project("idle"))
    bench.marker(sender.project)
    spent: dict[str, list[float]] = {"ingest-events": [], "events": [], "web API": []}
    for _ in range(IDLE_EVENTS):
        answer = sender.event()
        event_id = str(answer.event_id)
        bench.event(sender.project, event_id)
        spent["web API"].append(time.time() - answer.answered)
        for topic in (INGEST_EVENTS, EVENTS):
            seen = bench.tap.wait(topic, event_id, timeout=LIMITS.hop_events).seen
            spent[topic].append(seen - answer.answered)
    for hop, seconds in spent.items():
        bar = 3.0 if hop == "web API" else None
        yield Figure(
            name=f"accepted to {hop}, idle, median of {IDLE_EVENTS}", value=_median(seconds), unit="s", bar=bar
        )


def _median(seconds: list[float]) -> float:
    return max(statistics.median(seconds), 0.0)


def _throughput(bench: Bench) -> Iterator[Figure]:
    """From the front door to the row, with what each component pays for one event."""
    sender = bench.sender(bench.project("throughput"))
    bench.marker(sender.project)
    before, began = bench.stack.usage(), time.time()
    _send(sender, bench)
    answered = time.time()
    rows = until(lambda: _stored(bench, sender) == EVENTS_SENT, "rows are missing")
    wait_for(f"{EVENTS_SENT} rows", rows, timeout=LIMITS.hop_events + EVENTS_SENT / 4, interval=0.3)
    stored, after = time.time(), bench.stack.usage()
    bench.look(sender, (Hop.INGEST, Hop.EVENTS))
    last = {hop: max(sender.ledger.sightings(i)[hop].first for i in sender.ids) for hop in (Hop.INGEST, Hop.EVENTS)}
    ends = {"answered": answered, **{str(hop): at for hop, at in last.items()}, "row": stored}
    for hop, at in ends.items():
        name = f"events a second to {hop}, {SENDERS} senders"
        rate = EVENTS_SENT / (at - began)
        yield Figure(name=name, value=rate, unit="/s", bar=20 if hop == "row" else None, at_least=True)
    yield from _cost(before, after)


def _send(sender: Sender, bench: Bench) -> None:
    numbers = iter(range(EVENTS_SENT))
    lock = threading.Lock()

    def work() -> None:
        own = DoorClient(url=bench.door.url, ca=bench.stack.door.ca)
        mine = Sender(door=own, project=sender.project, run=sender.run, ledger=sender.ledger)
        with contextlib.closing(own):
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                mine.event(sequence=number, extra={"padding": PADDING}, fingerprint=[f"load-{number % 10}"])

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SUITE_LIMIT)


def _stored(bench: Bench, sender: Sender) -> int:
    return sum(bucket.distinct for bucket in bench.clickhouse.buckets(sender.run, EVENTS_SENT))


def _cost(before: tuple[Usage, ...], after: tuple[Usage, ...]) -> Iterator[Figure]:
    start_at = {usage.component: usage.cpu_seconds for usage in before}
    for usage in after:
        spent = 1000 * (usage.cpu_seconds - start_at.get(usage.component, 0.0)) / EVENTS_SENT
        yield Figure(name=f"CPU for one event, {usage.component}", value=spent, unit="ms")


def _door(bench: Bench) -> Iterator[Figure]:
    """One connection, one envelope after another: through the door against Relay itself."""
    project = bench.project("door")
    bench.marker(project)
    rates = {}
    for name, client in (
        ("door", bench.door),
        ("relay", DoorClient(url=bench.stack.relay_url, ca=bench.stack.door.ca)),
    ):
        began = time.time()
        for _ in range(DOOR_EVENTS):
            body = event_envelope(new_event_id(), {"message": "door"})[:-20]  # refused at once: nothing to store
            client.send(Request(path=envelope_path(project.id), body=body, key=project.key.public))
        rates[name] = DOOR_EVENTS / (time.time() - began)
    yield Figure(name="requests a second through the door", value=rates["door"], unit="/s")
    yield Figure(name="the same at Relay without a door", value=rates["relay"], unit="/s")
    yield Figure(name="door against Relay alone", value=rates["door"] / rates["relay"], unit="ratio")


def _memory(usages: tuple[Usage, ...]) -> Iterator[Figure]:
    for usage in usages:
        yield Figure(name=f"memory, {usage.component}", value=usage.memory_bytes / 1e6, unit="MB")
    total = sum(usage.memory_bytes for usage in usages) / 1e9
    yield Figure(name="memory of the whole stack", value=total, unit="GB", bar=2.5)


def _suite(name: str) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as reports:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "suites/ingestion",
            f"--join={name}",
            f"--report-dir={reports}",
            "-q",
        ]
        began = time.time()
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=SUITE_LIMIT, check=False)
        seconds = time.time() - began
    if done.returncode:
        raise SuiteError("the ingestion suite is not green on this stack", cause=done.stdout[-2000:])
    yield Figure(name="ingestion suite on a running stack", value=seconds, unit="s", bar=60)


if __name__ == "__main__":
    sys.exit(main())
