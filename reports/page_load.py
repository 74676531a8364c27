"""The section on load: what a load run beside the report measured, as sentences and plots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from reports.charts import Line, chart
from reports.load_models import LoadRun, Second
from reports.measured import Measured

Section = dict[str, object]
MAX_LAGS = 4
STYLES = ("a", "b", "c", "d")


def load(measured: Measured) -> Section:
    """The load run, or a word on why there is none to show."""
    run = measured.load
    return {
        "run": run,
        "plots": _plots(run) if run else [],
        "sentence": sentence(run) if run else "",
        "problems": measured.problems,
        "capacity": measured.capacity,
        "capacity_page": measured.capacity_page,
    }


def sentence(run: LoadRun) -> str:
    """The load run in one sentence."""
    told = {
        "pass": "Every acknowledged event arrived once, as its objectives want it",
        "fail": "The platform did not hold under this load",
        "unknown": "What this load did to the platform could not be judged: that is no success",
        "invalid": "The generator was the limit, so this says nothing of the platform",
    }[run.verdict]
    rates = run.rates
    return (
        f"{told}: {rates.offered:.4g} events/s offered, {rates.acknowledged:.4g} acknowledged, "
        f"{rates.queryable:.4g} queryable, {run.delivery.lost:,} lost."
    )


def _plots(run: LoadRun) -> list[tuple[str, Markup]]:
    drawn = [
        ("Events a second: offered and acknowledged", _rates(run.series)),
        ("Latency p99 from when an event was due", _latency(run.series)),
        ("Freshness: acknowledged until queryable", _freshness(run)),
        ("Messages that consumers had yet to take", _lags(run)),
    ]
    return [(title, drawing) for title, drawing in drawn if drawing]


def _rates(series: Sequence[Second]) -> Markup:
    widths = [max(after.at - before.at, 1e-9) for before, after in pairwise(series)]
    slices = list(zip(series, [*widths, widths[-1] if widths else 1.0], strict=True))
    lines = [
        Line(name="offered", points=[(one.at, one.offered / width) for one, width in slices], style="c"),
        Line(name="acknowledged", points=[(one.at, one.acknowledged / width) for one, width in slices], style="b"),
    ]
    if any(one.failed for one, _ in slices):
        lines.append(Line(name="failed", points=[(one.at, one.failed / width) for one, width in slices], style="d"))
    most = max((one.offered / width for one, width in slices), default=0.0)
    return chart(f"Rates over {len(series)} slices, at most {most:.4g} events a second offered", lines, unit="events/s")


def _latency(series: Sequence[Second]) -> Markup:
    points = [(one.at, one.p99) for one in series if one.p99 is not None]
    most = max((value for _, value in points), default=0.0)
    return chart(f"Latency p99, at most {most:.4g} ms", [Line(name="p99", points=points)], unit="ms")


def _freshness(run: LoadRun) -> Markup:
    points = [(one.at, one.milliseconds / 1000) for one in run.freshness_series]
    p95 = (run.freshness.p95 or 0.0) / 1000
    title = f"{len(points)} events followed until they could be asked for; 95 of 100 within {p95:.4g} s"
    return chart(title, [Line(name="one event", points=points, dots=True)], unit="s")


def _lags(run: LoadRun) -> Markup:
    most = sorted(run.lags, key=lambda lag: -max((count for _, count in lag.points), default=0))[:MAX_LAGS]
    lines = [
        Line(name=lag.topic, points=[(at, float(count)) for at, count in lag.points], style=style)
        for lag, style in zip(most, STYLES, strict=False)
    ]
    told = ", ".join(f"{lag.topic} up to {max((count for _, count in lag.points), default=0):,}" for lag in most)
    return chart(f"Lag: {told}", lines, unit="messages")
