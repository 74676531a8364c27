"""Runs and records that the tests of ``reports`` share: a history of any size, and a load run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from reports.history_models import Entry, Letter
from reports.load_models import (
    Delivery,
    Fresh,
    Generator,
    Lag,
    LoadRun,
    LoadVerdict,
    Percentiles,
    Rates,
    Second,
    Shape,
)
from reports.models import Machine
from reports.reading import seal

FIRST = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
FILE = "suites/topic/test_a.py"


def entry(
    number: int,
    letters: dict[str, Letter],
    *,
    stack: str = "embedded",
    commit: str | None = None,
    versions: dict[str, str] | None = None,
    seconds: Sequence[float] = (),
) -> Entry:
    """The run of night ``number``; its checks are of one file."""
    took = dict(zip(letters, seconds, strict=False))
    return Entry(
        run=f"run-{number}-{stack}",
        started=FIRST + timedelta(days=number),
        seconds=300.0 + number,
        stack=stack,
        commit=commit or f"commit{number}",
        exit_code=1 if "f" in letters.values() else 0,
        cores=2,
        versions=versions or {},
        checks={FILE: {name: (letter, took.get(name, 1.0)) for name, letter in letters.items()}},
    )


def load_run(*, lost: int = 0, freshness: float = 800.0, offered: float = 20.0) -> LoadRun:
    """A load run of a minute with all of its series."""
    spread = Percentiles(count=60, p50=10.0, p95=40.0, p99=90.0, maximum=120.0)
    return seal(
        LoadRun(
            id="load-1",
            started=FIRST,
            seconds=60.0,
            command=["locust", "-f", "loadtests/"],
            machine=Machine(cores=2, memory_bytes=2**33, python="3.11.7", system="Linux x86_64"),
            stack="embedded",
            shape=Shape(name="steady", parameters={"rate": 20.0}, planned=1200),
            generator=Generator(workers=1, cpu_share=0.2, lag=spread, missed=0, socket_errors=0),
            rates=Rates(offered=offered, acknowledged=offered, queryable=offered),
            latency=spread,
            service=spread,
            freshness=spread.model_copy(update={"p95": freshness}),
            answers=[],
            delivery=Delivery(
                offered=1200, acknowledged=1200, stored_once=1200 - lost, duplicated=0, rejected=0, lost=lost,
                unsent=0, unknown=0, drain_seconds=1.0, drain_limit=60.0, drained=True,
            ),
            series=tuple(Second(at=float(at), offered=20, acknowledged=20, failed=0, p99=30.0) for at in range(60)),
            freshness_series=tuple(Fresh(at=float(at), milliseconds=700.0 + at) for at in range(60)),
            lags=(Lag(topic="ingest-events", group="g", points=[(0.0, 0), (30.0, 7), (60.0, 0)]),),
            verdict=LoadVerdict.PASS,
        )
    )  # fmt: skip
