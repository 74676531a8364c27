"""A capacity sign-off as data: schema version 1 of ``capacity.json``, checked whenever one is written or read.

Rates are events a second unless a name says a day; sizes are bytes; freshness is milliseconds; CPU is in cores, or in
seconds for a million events.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Literal

from pydantic import Field

from reports.load_models import Fresh, Lag
from reports.models import ComponentFact, Machine, Model


class StepVerdict(enum.StrEnum):
    """What one rate showed. ``invalid``: the generator was the limit; ``unknown``: too little was seen to judge."""

    SUSTAINED = "sustained"
    EXCEEDED = "exceeded"
    UNKNOWN = "unknown"
    INVALID = "invalid"


class SignOff(enum.StrEnum):
    """Whether somebody may be told a number of events a day."""

    SIGNED = "signed off"
    REFUSED = "not signed off"
    UNKNOWN = "unknown"


class Use(Model):
    """What one component used during a step: CPU in cores on average, the peak of its memory in bytes."""

    component: str
    cores: float
    memory_peak_bytes: int
    restarts: int
    oom_kills: int


class Step(Model):
    """One rate that was tried. ``growth`` is bytes by store over the step; ``record`` the load run's own file.
    ``uses`` are averages over ``watched_seconds``, drain included; ``stored_rate`` is the events stored a second then.

    ``backlog`` is by how much freshness worsened, in seconds a second of load: above 0, the platform fell behind.
    """

    purpose: Literal["rest", "double", "bisect", "soak"]
    search: int
    rate: float
    seconds: float
    acknowledged: float
    queryable: float
    stored: int
    lost: int
    freshness_p50: float | None
    freshness_p95: float | None
    freshness_samples: int
    backlog: float | None
    drain_seconds: float
    watched_seconds: float
    stored_rate: float
    uses: tuple[Use, ...]
    growth: dict[str, int]
    lag_peaks: dict[str, int]
    verdict: StepVerdict
    reasons: tuple[str, ...]
    record: str


class Volume(Model):
    """What 30 days take of a volume at some events a day; null where its bytes per event are not known.

    ``kept_days`` is how long the store keeps an event.
    """

    store: str
    limit_bytes: int
    bytes_per_event: float | None
    kept_days: float
    needed: dict[str, float | None]
    events_per_day_limit: float | None


class HundredGigabytes(Model):
    """When ClickHouse passes 100 GB at a rate: days with nothing deleted, and whether retention keeps it below."""

    events_per_day: float
    days: float | None
    kept_below: bool | None


class Row(Model):
    """A row of the record's table: what it may take, and what was measured.

    ``idle_cores`` and ``cpu_seconds_per_million`` come from a line through all steps; null where there are too few.
    """

    name: str
    cpu_budget: float
    memory_budget: float
    idle_cores: float | None
    cpu_seconds_per_million: float | None
    cores_at: dict[str, float | None]
    memory_peak_bytes: int
    within: bool | None
    sentence: str


class Headroom(Model):
    """How many times the sustainable rate is what some events a day need at their peak."""

    events_per_day: int
    shape: Literal["steady", "day curve with a peak of ten times the mean"]
    needed_rate: float
    times: float | None


class Saturation(Model):
    """Which component is the first at its end, with the evidence, a sentence each; empty where nothing shows it."""

    component: str
    evidence: tuple[str, ...]
    sigma: float | None = None
    kappa: float | None = None
    fitted_peak: float | None = None


class Limit(Model):
    """One thing that bounds the events a day; null where it is not known."""

    name: str
    events_per_day: float | None
    sentence: str


class Capacity(Model):
    """One sign-off. ``partial``: it was ended before it was done."""

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
    objectives: dict[str, float]
    steps: tuple[Step, ...] = ()
    sustainable: float | None = None
    searches: tuple[float, ...] = ()
    spread: float | None = None
    soak: Step | None = None
    soak_fresh: tuple[Fresh, ...] = ()
    soak_lags: tuple[Lag, ...] = ()
    headroom: tuple[Headroom, ...] = ()
    rows: tuple[Row, ...] = ()
    budget_indicative: bool = True
    volumes: tuple[Volume, ...] = ()
    hundred: tuple[HundredGigabytes, ...] = ()
    saturation: Saturation | None = None
    limits: tuple[Limit, ...] = ()
    events_per_day: int | None = None
    verdict: SignOff
    reasons: tuple[str, ...] = ()
    digest: str = Field(default="", pattern="^([0-9a-f]{64})?$")
