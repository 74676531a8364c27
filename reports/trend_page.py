"""The trend as one self-contained page: a strip of verdicts for each check, and curves. No script, no network."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup

from reports.charts import Line, chart
from reports.history_models import VERDICTS, Entry
from reports.templates import environment, style
from reports.trend import ABSENT, BAD, FLAKY, Grid, Row, Trend

MOST_ROWS, MOST_RUNS = 400, 60
VISIBLE = 250
"""A bad run of one cell is drawn at least this part of the strip wide, or nobody would see it among a thousand."""
STYLES = ("a", "b", "c", "d")
SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 160.0, 26.0, 80
WORDS = {**{letter: str(verdict) for letter, verdict in VERDICTS.items()}, FLAKY: "flaky"}


def render(trend: Trend, problems: Sequence[str] = (), present: Collection[str] = ()) -> str:
    """The page's text. ``present`` are the runs whose folder is still there, and can be linked to."""
    template = environment().get_template("trend.html.j2")
    return template.render(
        trend=trend,
        problems=problems,
        sentence=sentence(trend),
        tone="bad" if any(row.last in BAD for grid in trend.grids for row in grid.rows) else "good",
        style=style(),
        strip=strip,
        spark=spark,
        words=WORDS,
        counts=counts,
        curves=curves(trend),
        runs=trend.entries[::-1][:MOST_RUNS],
        runs_left=max(0, len(trend.entries) - MOST_RUNS),
        most=MOST_ROWS,
        present=frozenset(present),
    )


def sentence(trend: Trend) -> str:
    """What the newest run of each stack came to, and how many checks flake."""
    told = []
    for grid in trend.grids:
        failing = sum(row.last in ("f", FLAKY) and row.letters[-1] != ABSENT for row in grid.rows)
        judged = sum(row.letters[-1] in "pfwk" for row in grid.rows)
        told.append(f"{failing} of {judged} judged checks fail on {grid.stack}")
    flaky = len({row.check for _, row in trend.flakes})
    return f"{'; '.join(told)}; {flaky} flaky."


def counts(row: Row) -> str:
    """``3 fail, 2 flaky, 995 pass``."""
    order = sorted(row.counts.items(), key=lambda entry: ("fukwnap".index(entry[0]), entry[0]))
    return ", ".join(f"{count} {WORDS[letter]}" for letter, count in order)


def strip(row: Row) -> Markup:
    """A strip with a cell a run. The most common verdict is its ground; bad ones are drawn last and never too thin."""
    total = len(row.letters)
    ground = max(set(row.letters), key=row.letters.count)
    pieces: dict[str, list[tuple[int, int]]] = {}
    at = 0
    for letter, members in groupby(row.letters):
        length = len(list(members))
        if letter != ground:
            pieces.setdefault(letter, []).append((at, length))
        at += length
    least = max(1, total // VISIBLE)
    paths = []
    for letter in sorted(pieces, key=lambda one: one in BAD):
        steps, end = [], 0
        for start, length in pieces[letter]:
            wide = min(max(length, least), total - start) if letter in BAD else length
            steps.append(f"m{start - end} 0h{wide}")
            end = start + wide
        paths.append(Markup('<path class="c-{}" d="M0 .5{}"/>').format(_class(letter), "".join(steps)))
    head = Markup('<svg class="strip" viewBox="0 0 {} 1" preserveAspectRatio="none" role="img" aria-label="{}">')
    base = Markup('<path class="c-{}" d="M0 .5h{}"/>').format(_class(ground), total)
    return Markup("").join([head.format(total, counts(row)), base, *paths, Markup("</svg>")])


def _class(letter: str) -> str:
    return "x" if letter == ABSENT else letter


def spark(points: Sequence[tuple[float, float]]) -> Markup:
    """A small curve of durations, from zero up."""
    chosen = points[-SPARK_POINTS:]
    top = max((value for _, value in chosen), default=0.0) or 1.0
    step = SPARK_WIDTH / max(1, len(chosen) - 1)
    told = " ".join(
        f"{number * step:.0f},{SPARK_HEIGHT - 2 - value / top * (SPARK_HEIGHT - 4):.1f}"
        for number, (_, value) in enumerate(chosen)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {:.0f} {:.0f}" role="img" '
        'aria-label="the last {} durations, at most {:.2f} s">'
        '<polyline points="{}" class="line s-a"/></svg>'
    ).format(SPARK_WIDTH, SPARK_HEIGHT, len(chosen), top, told)


def curves(trend: Trend) -> list[tuple[str, Markup]]:
    """Durations of whole runs, capacity, rates and freshness over time."""
    lines = [
        Line(name=grid.stack, points=[(_day(run), run.seconds / 60) for run in grid.runs if run.finished], style=style_)
        for grid, style_ in zip(trend.grids, STYLES, strict=False)
    ]
    drawn = [
        ("Duration of whole runs", _curve("Minutes that runs took", lines, "minutes")),
        ("Sustainable rate, with the spread of its repeats", _capacity(trend.grids)),
        ("Events a second that could be asked for", _load(trend.grids, "queryable", "events/s", 1.0)),
        ("Freshness: 95 of 100 events can be asked for within", _load(trend.grids, "freshness_p95", "s", 1000.0)),
        ("Latency p99 of the front door", _load(trend.grids, "latency_p99", "ms", 1.0)),
    ]
    return [(title, drawing) for title, drawing in drawn if drawing]


def _capacity(grids: Sequence[Grid]) -> Markup:
    lines = []
    for grid, style_ in zip(grids, STYLES, strict=False):
        known = [(run, run.capacity) for run in grid.runs if run.capacity and run.capacity.sustainable is not None]
        points = [(_day(run), found.sustainable or 0.0) for run, found in known]
        band = [
            (_day(run), found.low, found.high)
            for run, found in known
            if found.low is not None and found.high is not None
        ]
        lines.append(Line(name=grid.stack, points=points, style=style_, band=band))
    return _curve("Sustainable events a second", lines, "events/s")


def _load(grids: Sequence[Grid], field: str, unit: str, factor: float) -> Markup:
    lines = []
    for grid, style_ in zip(grids, STYLES, strict=False):
        values = [(run, getattr(run.load, field)) for run in grid.runs if run.load]
        points = [(_day(run), value / factor) for run, value in values if value is not None]
        lines.append(Line(name=grid.stack, points=points, style=style_))
    return _curve(f"{field.replace('_', ' ')} of load runs", lines, unit)


def _curve(title: str, lines: Sequence[Line], unit: str) -> Markup:
    return chart(title, lines, unit=unit, across="", label=_date)


def _day(run: Entry) -> float:
    return run.started.timestamp()


def _date(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
