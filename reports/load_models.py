"""A load run and a capacity sign-off as data: schema version 1 of ``load.json`` and ``capacity.json``.

Both are checked whenever one is written or read. Seconds are wall-clock seconds unless a name says CPU, sizes are
bytes, latencies and freshness are milliseconds, moments are ISO 8601 with a zone.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Literal

from pydantic import Field

from reports.models import ComponentFact, Machine, Model, Scalar

LOAD_SCHEMA_VERSION = 1


class LoadVerdict(enum.StrEnum):
    """What a load run showed. ``invalid``: the generator was the limit, so nothing is said of the platform."""

    PASS = "pass"  # noqa: S105  (a verdict)
    FAIL = "fail"
    UNKNOWN = "unknown"
    INVALID = "invalid"


class Percentiles(Model):
    """A distribution in milliseconds; ``count`` samples stand behind it, and with none all the rest is null."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    maximum: float | None = None


class Shape(Model):
    """When events were to leave: the shape's name, its parameters, and how many it planned in all."""

    name: str
    parameters: dict[str, Scalar]
    planned: int


class Generator(Model):
    """How the generator itself fared. ``troubles`` are the sentences that make the run invalid.

    ``cpu_share`` is the busiest worker's share of one core; ``lag`` how late its timers woke; ``missed`` the slots in
    which an event should have left and did not.
    """

    workers: int
    cpu_share: float
    lag: Percentiles
    missed: int
    socket_errors: int
    troubles: tuple[str, ...] = ()


class Answer(Model):
    """How often Relay answered so: ``status`` is null where no answer came, ``reason`` Relay's or the socket's own."""

    status: int | None
    reason: str = ""
    count: int


class Loss(Model):
    """Acknowledged events that were last seen before ``hop``; ``ids`` are some of them."""

    hop: str
    count: int
    ids: tuple[str, ...] = ()


class Delivery(Model):
    """What became of every event by the end of the drain; all counts but ``acknowledged`` add up to ``offered``.

    ``unsent`` missed their slot or got no answer at all; ``rejected`` were answered with an error, or dropped by Relay
    with a reason after a 200. ``unknown``: acknowledged, and still on its way or not to be asked for. ``drained`` is
    false where the stated limit ended the wait. ``notes`` are sentences about what could not be seen.
    """

    offered: int
    acknowledged: int
    stored_once: int
    duplicated: int
    rejected: int
    lost: int
    unsent: int
    unknown: int
    rejections: tuple[Answer, ...] = ()
    losses: tuple[Loss, ...] = ()
    duplicates: tuple[str, ...] = ()
    drain_seconds: float
    drain_limit: float
    drained: bool
    notes: tuple[str, ...] = ()


class Rates(Model):
    """The three rates, always together: events a second that should have left, were answered 200, and can be asked."""

    offered: float
    acknowledged: float
    queryable: float


class Second(Model):
    """One slice of the run, ``at`` seconds after its start: counts in the slice and its latency in milliseconds."""

    at: float
    offered: int
    acknowledged: int
    failed: int
    p99: float | None = None


class Fresh(Model):
    """One sample: ``at`` seconds after the start an event acknowledged then was queryable this many ms later."""

    at: float
    milliseconds: float


class Lag(Model):
    """Messages that a consumer group had yet to take of a topic, ``at`` seconds after the start."""

    topic: str
    group: str
    points: list[tuple[float, int]]


class ComponentCost(Model):
    """What one component used between both ends of the run, from cumulative counters, drain included."""

    component: str
    cpu_seconds: float
    memory_peak_bytes: int
    restarts: int = 0
    oom_kills: int = 0


class StoreGrowth(Model):
    """By how much a store grew between both ends of the run."""

    store: str
    bytes: int


class LoadRun(Model):
    """One load run. ``partial``: it was ended before its shape was done. ``digest`` as in a report.

    ``cost_seconds`` lie between the two ends that ``costs`` and ``growth`` are counted from; 0 where nobody looked.
    """

    schema_version: Literal[1] = 1
    id: str
    started: datetime
    seconds: float
    command: list[str]
    commit: str | None = None
    machine: Machine
    stack: str
    components: tuple[ComponentFact, ...] = ()
    partial: bool = False
    ended_by: str = ""
    shape: Shape
    generator: Generator
    rates: Rates
    latency: Percentiles
    service: Percentiles
    freshness: Percentiles
    answers: list[Answer]
    delivery: Delivery
    series: tuple[Second, ...] = ()
    freshness_series: tuple[Fresh, ...] = ()
    lags: tuple[Lag, ...] = ()
    costs: tuple[ComponentCost, ...] = ()
    cost_seconds: float = 0.0
    growth: tuple[StoreGrowth, ...] = ()
    verdict: LoadVerdict
    reasons: tuple[str, ...] = ()
    digest: str = Field(default="", pattern="^([0-9a-f]{64})?$")
