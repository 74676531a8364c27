"""``python -m tests.benchmark_proof``: proof of delivery for a million events in ClickHouse, measured against its bars.

Rows are made inside ClickHouse, without a hundred that are lost and with a hundred that are there twice. The figures
are the time of the proof, the memory of this process that it took, and how many of the seeded were named exactly.
"""

from __future__ import annotations

import contextlib
import random
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from fixtures.clients.clickhouse import ClickHouse
from fixtures.embedded.server import Site
from fixtures.embedded.servers import clickhouse as server
from fixtures.embedded.tools import Tools
from fixtures.load.ledger import Ledger, Page
from fixtures.load.proof import Event, Proof, prove
from fixtures.load.stores import ClickHouseStore
from fixtures.stack import ClickHouseAccess
from tests.benchmark import Figure
from tests.unit.small_stack import running, temporary_site

EVENTS, WORKERS, SEEDED, PROJECT = 1_000_000, 4, 100, 7
RUN = "0123456789ab"
SECONDS, MEGABYTES = 5.0, 300.0
NUMBER = "reinterpretAsFixedString(toUInt64(number))"
ROW = """
INSERT INTO errors_local (project_id, timestamp, event_id, platform, primary_hash, received, timestamp_ms,
  retention_days, deleted, message, title, type)
SELECT {project}, now(), toUUID(concat('{run}', '{worker:04x}', lower(hex(reverse({number}))))), 'python',
  toUUID('00000000-0000-0000-0000-00000000000{copy}'), now(), now64(3), 30, 0, 'm', 't', 'error'
FROM numbers({count}) WHERE number {chosen} ({listed})
"""


@dataclass(kw_only=True)
class Peak:
    """The most memory that a process held while this ran, in bytes."""

    pid: int
    most: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Watch every hundredth of a second."""
        process = psutil.Process(self.pid)

        def look() -> None:
            while not self._over.wait(0.01):
                self.most = max(self.most, process.memory_info().rss)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()


def ledger(events: int = EVENTS) -> Ledger:
    """Every event of every worker acknowledged."""
    made = Ledger(run=RUN, started=time.time())
    for worker in range(WORKERS):
        page = Page(worker)
        for _ in range(events // WORKERS):
            page.acknowledged(page.planned(0.0), 0.01)
        made.add(page)
    return made


def seed(chance: random.Random, events: int = EVENTS) -> tuple[list[Event], list[Event]]:
    """Which events are lost, and which are there twice."""
    chosen = chance.sample(range(events), 2 * SEEDED)
    named = [(number % WORKERS, number // WORKERS) for number in chosen]
    return sorted(named[:SEEDED]), sorted(named[SEEDED:])


def fill(site: Site, lost: list[Event], twice: list[Event], events: int = EVENTS) -> None:
    """Make the rows. A second copy has another hash, so that ClickHouse keeps both for a reader."""
    for worker in range(WORKERS):
        for copy, chosen, some in ((1, "NOT IN", lost), (2, "IN", twice)):
            mine = ", ".join(str(sequence) for of, sequence in some if of == worker) or "NULL"
            sql = ROW.format(project=PROJECT, run=RUN, worker=worker, number=NUMBER, copy=copy,
                             count=events // WORKERS, chosen=chosen, listed=mine)  # fmt: skip
            server.administer(site, sql)


def reader(site: Site) -> ClickHouse:
    """The suite's own client."""
    identity = site.identity("suite-client-tls")
    return ClickHouse(
        ClickHouseAccess(endpoint=site.endpoint("clickhouse"), user="suite", database="default", identity=identity)
    )


def measure() -> Iterator[Figure]:
    """Fill, prove, and compare."""
    nowhere = Path("/nonexistent")
    tools = Tools(**dict.fromkeys(Tools.__dataclass_fields__, nowhere))
    lost, twice = seed(random.Random(20261125))
    with temporary_site(tools) as site, running(site, server.server(site)) as process:
        fill(site, lost, twice)
        sent = ledger()
        with contextlib.closing(reader(site)) as clickhouse:
            store = ClickHouseStore(clickhouse, run=RUN, project=PROJECT)
            store.rows()  # the first question opens the connection
            before, peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, Peak(pid=process.pid)
            held = psutil.Process(process.pid).memory_info().rss
            began = time.perf_counter()
            with peak.watched():
                proof = prove(sent, store)
            seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield Figure(name=f"proof of delivery, {EVENTS:,} events", value=seconds, unit="s", bar=SECONDS)
    yield Figure(name="memory of the judging process, at most", value=after / 1024, unit="MB", bar=MEGABYTES)
    yield Figure(name="memory that the proof added to it", value=(after - before) / 1024, unit="MB")
    yield Figure(name="memory that the proof added to ClickHouse", value=max(0, peak.most - held) / 1e6, unit="MB")
    yield from _named(proof, lost, twice)


def _named(proof: Proof, lost: list[Event], twice: list[Event]) -> Iterator[Figure]:
    for name, told, seeded in (("losses", proof.missing, lost), ("duplicates", proof.duplicated, twice)):
        right, wrong = len(set(told) & set(seeded)), len(set(told) - set(seeded))
        yield Figure(name=f"seeded {name} named", value=right, unit="", bar=SEEDED, at_least=True)
        yield Figure(name=f"{name} named that were none", value=wrong, unit="", bar=0.5)
    once = EVENTS - 2 * SEEDED
    yield Figure(name="stored once", value=proof.stored_once, unit="", bar=once, at_least=True)


def main() -> int:
    """Print the figures; 1 when a bar is missed."""
    held = True
    for figure in measure():
        print(figure.line(), flush=True)
        held &= figure.holds
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
