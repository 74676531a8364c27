"""A platform that is a queue: it stores so many events a second and no more, with a little noise."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fixtures.load.freshness import percentiles
from reports.load_models import (
    ComponentCost,
    Delivery,
    Fresh,
    Generator,
    Lag,
    LoadRun,
    LoadVerdict,
    Percentiles,
    Rates,
    Shape,
    StoreGrowth,
)
from reports.models import Machine

MACHINE = Machine(cores=2, memory_bytes=8 * 2**30, python="3.11", system="test")
STORES = {"postgres": 4000, "clickhouse": 900, "kafka": 2500, "valkey": 50}
IDLE = {"sentry-worker": 0.1, "relay": 0.02, "clickhouse": 0.2, "kafka": 0.1, "postgres": 0.05, "valkey": 0.01}
EACH = {"sentry-worker": 0.02, "relay": 0.001, "clickhouse": 0.002, "kafka": 0.001, "postgres": 0.002, "valkey": 0.0005}


@dataclass
class Simulated:
    """Makes runs against a queue of this capacity; ``lose`` of the events vanish, ``limit`` is the generator's own."""

    capacity: float
    lose: int = 0
    limit: float = 1e9
    noise: float = 0.0
    interrupt_at: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    rates: list[float] = field(default_factory=list)

    def run(self, rate: float, seconds: float) -> tuple[LoadRun, str]:
        self.rates.append(rate)
        if len(self.rates) == self.interrupt_at:
            raise KeyboardInterrupt
        able = self.capacity * (1 + self.chance.uniform(-self.noise, self.noise))
        sent, behind = int(rate * seconds), max(0.0, rate - able) * seconds
        fresh = [
            Fresh(at=at / 8, milliseconds=300 + 1000 * max(0.0, rate / able - 1) * at / 8)
            for at in range(int(seconds * 8))
        ]
        drain = behind / able
        return self._record(rate, seconds, sent, fresh, drain, behind), f"step-{len(self.rates)}/load.json"

    def _record(
        self, rate: float, seconds: float, sent: int, fresh: list[Fresh], drain: float, behind: float
    ) -> LoadRun:
        none = Percentiles(count=sent, p50=5.0, p95=9.0, p99=12.0, maximum=20.0)
        window = seconds + drain
        stored = sent - self.lose
        return LoadRun(
            id="x",
            started=datetime(2026, 11, 25, tzinfo=UTC),
            seconds=seconds,
            command=[],
            machine=MACHINE,
            stack="simulated",
            shape=Shape(name="steady", parameters={"rate": rate, "seconds": seconds}, planned=sent),
            generator=Generator(workers=1, cpu_share=0.1, lag=none, missed=0, socket_errors=0, troubles=("too slow",)
                                if rate > self.limit else ()),
            rates=Rates(offered=rate, acknowledged=rate, queryable=sent / window),
            latency=none,
            service=none,
            freshness=percentiles([one.milliseconds for one in fresh]),
            answers=[],
            delivery=Delivery(
                offered=sent, acknowledged=sent, stored_once=stored, duplicated=0, rejected=0, lost=self.lose,
                unsent=0, unknown=0, drain_seconds=drain, drain_limit=60, drained=drain < 60,
            ),
            freshness_series=tuple(fresh),
            lags=(Lag(topic="ingest-events", group="ingest", points=[(seconds, int(behind))]),),
            costs=tuple(
                ComponentCost(component=name, cpu_seconds=IDLE[name] * window + EACH[name] * stored,
                              memory_peak_bytes=50 * 2**20)
                for name in IDLE
            ),
            cost_seconds=window,
            growth=tuple(StoreGrowth(store=name, bytes=each * stored) for name, each in STORES.items()),
            verdict=LoadVerdict.INVALID if rate > self.limit else LoadVerdict.PASS,
        )  # fmt: skip
