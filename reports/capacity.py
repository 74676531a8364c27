"""A sign-off as one sentence and as one self-contained page with plots; no script, no network, light or dark."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from markupsafe import Markup
from pydantic import ValidationError

from reports import plots, templates
from reports.build import ReportError
from reports.capacity_models import Capacity, SignOff
from reports.plots import Line, Mark

DAY = 86_400
SHOWN_COMPONENTS = 6
TONE = {SignOff.SIGNED: "good", SignOff.REFUSED: "bad", SignOff.UNKNOWN: "open"}


def sentence(signed: Capacity) -> str:
    """The verdict as one sentence."""
    partial = " The search was ended early." if signed.partial else ""
    if signed.verdict is SignOff.SIGNED:
        return f"Signed off for {signed.events_per_day:,} events a day on the {signed.stack} stack.{partial}"
    if signed.verdict is SignOff.REFUSED:
        return f"Not signed off on the {signed.stack} stack: {signed.reasons[0]}.{partial}"
    why = f": {signed.reasons[0]}" if signed.reasons else ""
    return f"How much the {signed.stack} stack can take is unknown{why}.{partial}"


def digest(signed: Capacity) -> str:
    """SHA-256 over the content without the digest itself, in canonical JSON."""
    content = signed.model_dump(mode="json", exclude={"digest"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(signed: Capacity) -> Capacity:
    """The same sign-off with its digest."""
    return signed.model_copy(update={"digest": digest(signed)})


def load(path: Path) -> Capacity:
    """Read one back. :raises ReportError: missing, broken, or changed after it was written."""
    try:
        found = Capacity.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"there is no sign-off at {path}: {error.strerror or error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "it"
        raise ReportError(f"the sign-off {path} is broken: {place}: {fault['msg']}") from error
    if found.digest != digest(found):
        raise ReportError(f"the sign-off {path} was changed after it was written: its digest does not match")
    return found


def render(signed: Capacity) -> str:
    """The page as text. Everything of the sign-off is escaped by the template."""
    environment = templates.environment().overlay()
    environment.filters = {**environment.filters, "bytes": size, "seconds": seconds, "cores": few}
    drawn = [rates(signed), freshness(signed), cores(signed), soak(signed)]
    return environment.get_template("capacity.html.j2").render(
        signed=signed,
        sentence=sentence(signed),
        tone=TONE[signed.verdict],
        plots=[plot for plot in drawn if plot[1]],
        storage=storage(signed),
        day=DAY,
    )


def size(value: float | None) -> str:
    """Bytes as volumes are given."""
    if value is None:
        return "unknown"
    return f"{value / 2**30:,.2f} Gi" if value >= 2**27 else f"{value / 2**20:,.1f} Mi"


def few(value: float | None) -> str:
    """Cores with two digits behind the point."""
    return "\N{EN DASH}" if value is None else f"{value:.2f}"


def seconds(milliseconds: float | None) -> str:
    """Milliseconds of freshness in seconds."""
    return "\N{EN DASH}" if milliseconds is None else f"{milliseconds / 1000:.2f} s"


Plot = tuple[str, Markup, Markup]
"""What it shows, the drawing, its key."""


def _plot(caption: str, shown: list[Line], *, x: str, y: str, marks: list[Mark]) -> Plot:
    return caption, plots.lines(shown, x=x, y=y, marks=marks), plots.key(shown)


def _sustainable(signed: Capacity) -> list[Mark]:
    return [Mark(name="sustainable", at=signed.sustainable, upright=True)] if signed.sustainable else []


def rates(signed: Capacity) -> Plot:
    """Acknowledged and queryable against offered: where they part, the platform falls behind."""
    shown = [
        Line(name="offered", points=[(s.rate, s.rate) for s in signed.steps], dots=False),
        Line(name="acknowledged", points=[(s.rate, s.acknowledged) for s in signed.steps]),
        Line(name="queryable", points=[(s.rate, s.queryable) for s in signed.steps]),
    ]
    caption = "The three rates at every rate that was tried; queryable includes the drain."
    return _plot(caption, shown, x="events offered a second", y="events a second", marks=_sustainable(signed))


def freshness(signed: Capacity) -> Plot:
    """How long an acknowledged event took until it could be asked for."""
    worst = [(s.rate, s.freshness_p95 / 1000) for s in signed.steps if s.freshness_p95 is not None]
    middle = [(s.rate, s.freshness_p50 / 1000) for s in signed.steps if s.freshness_p50 is not None]
    marks = [*_sustainable(signed), Mark(name="objective for p95", at=signed.objectives["freshness_p95"])]
    shown = [Line(name="p95", points=worst), Line(name="p50", points=middle)]
    caption = "Freshness: from acknowledged to queryable."
    return _plot(caption, shown, x="events offered a second", y="seconds", marks=marks)


def cores(signed: Capacity) -> Plot:
    """CPU by component."""
    peaks: dict[str, float] = {}
    for step in signed.steps:
        for use in step.uses:
            peaks[use.component] = max(peaks.get(use.component, 0.0), use.cores)
    busiest = sorted(peaks, key=lambda name: -peaks[name])[:SHOWN_COMPONENTS]
    shown = [
        Line(name=name, points=[(s.stored_rate, u.cores) for s in signed.steps for u in s.uses if u.component == name])
        for name in busiest
    ]
    caption = "CPU of the busiest components, from cumulative counters at both ends of each step."
    return _plot(caption, shown, x="events stored a second", y="cores", marks=[])


def soak(signed: Capacity) -> Plot:
    """Freshness over the time of the soak."""
    shown = [Line(name="freshness", points=[(f.at, f.milliseconds / 1000) for f in signed.soak_fresh], dots=False)]
    caption = "The soak: freshness of sampled events over time."
    return _plot(caption, shown, x="seconds", y="seconds from acknowledged to queryable", marks=[])


def storage(signed: Capacity) -> list[tuple[str, Markup]]:
    """30 days on every volume, a picture for each number of events a day."""
    found = []
    for mark in signed.volumes[0].needed if signed.volumes else ():
        rows = [
            (v.store, v.needed[mark], float(v.limit_bytes), f"{size(v.needed[mark])} of {v.limit_bytes / 2**30:g} Gi")
            for v in signed.volumes
        ]
        found.append(("the sustainable rate" if mark == "sustainable" else f"{mark} events a day", plots.bars(rows)))
    return found
