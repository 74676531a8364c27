"""Drawings for the page, as SVG that takes its colours from the page and is read aloud by its title."""

from __future__ import annotations

from itertools import pairwise

from markupsafe import Markup

from reports.models import Timeline

WIDTH, LABEL, ROW, TOP = 640.0, 190.0, 26.0, 8.0
VALUE = 74.0


def timeline(entry: Timeline) -> Markup:
    """A bar for each hop from when the hop before had the event to when this one had it; seconds at the right."""
    ordered = sorted(entry.hops, key=lambda hop: hop.seconds)
    end = max((hop.seconds for hop in ordered), default=0.0) or 1.0
    scale = (WIDTH - LABEL - VALUE) / end
    starts = [0.0, *(before.seconds for before, _ in pairwise(ordered))]
    height = TOP * 2 + ROW * len(ordered)
    told = ", ".join(f"{hop.name} after {hop.seconds:.2f} s" for hop in ordered)
    parts = [
        Markup('<svg viewBox="0 0 {} {}" role="img" class="timeline"><title>{}</title>').format(WIDTH, height, told),
    ]
    for index, (hop, start) in enumerate(zip(ordered, starts, strict=True)):
        middle = TOP + ROW * index + ROW / 2
        left, right = LABEL + max(0.0, start) * scale, LABEL + max(0.0, hop.seconds) * scale
        parts.append(
            Markup(
                '<text x="{:.1f}" y="{:.1f}" text-anchor="end" class="hop">{}</text>'
                '<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" class="rail"/>'
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="12" rx="3" class="bar"/>'
                '<text x="{:.1f}" y="{:.1f}" class="at">{:.2f} s</text>'
            ).format(
                LABEL - 10, middle + 4, shorten(hop.name),
                LABEL, WIDTH - VALUE, middle, middle,
                left, middle - 6, max(2.0, right - left),
                WIDTH - VALUE + 10, middle + 4, hop.seconds,
            )
        )  # fmt: skip
    return Markup("").join([*parts, Markup("</svg>")])


def shorten(name: str, most: int = 26) -> str:
    """A name that fits beside its bar."""
    return name if len(name) <= most else f"{name[: most - 1]}…"
