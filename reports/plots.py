"""Plots as SVG that take their colours from the page: lines over a number, and bars against limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 640.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 16.0, 14.0, 42.0
TICKS = 5
COLOURS = 6
BAR, LABEL, VALUE = 30.0, 190.0, 150.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line; ``dots`` marks its points."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = True


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A straight line across the plot with its name: at a height, or with ``upright`` at a place."""

    name: str
    at: float
    upright: bool = False


def lines(shown: Sequence[Line], *, x: str, y: str, marks: Sequence[Mark] = ()) -> Markup:
    """A plot from zero on both axes; empty text where there is nothing to show."""
    points = [point for line in shown for point in line.points]
    if not points:
        return Markup("")
    right = _nice(max([px for px, _ in points] + [m.at for m in marks if m.upright]))
    top = _nice(max([py for _, py in points] + [m.at for m in marks if not m.upright]))
    frame = _Frame(right=right, top=top)
    told = f"{y} over {x}: " + ", ".join(line.name for line in shown)
    head = Markup('<svg viewBox="0 0 {} {}" role="img" class="plot"><title>{}</title>').format(WIDTH, HEIGHT, told)
    parts = [head, *frame.axes(x, y), *(frame.mark(mark) for mark in marks)]
    for number, line in enumerate(line for line in shown if line.points):
        parts.append(frame.line(line, number % COLOURS))
    return Markup("").join([*parts, Markup("</svg>")])


def key(shown: Sequence[Line]) -> Markup:
    """The names of the lines with their colours."""
    named = [line.name for line in shown if line.points]
    return Markup(" ").join(
        Markup('<span class="key c{}">{}</span>').format(number % COLOURS, name) for number, name in enumerate(named)
    )


@dataclass(frozen=True, kw_only=True)
class _Frame:
    right: float
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / self.right
        return across, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(y, self.top) / self.top

    def axes(self, x: str, y: str) -> Iterator[Markup]:
        for number in range(TICKS + 1):
            share = number / TICKS
            (px, _), (_, py) = self.at(self.right * share, 0), self.at(0, self.top * share)
            yield Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" class="rail"/>').format(
                LEFT, WIDTH - RIGHT, py, py
            )
            yield _text(LEFT - 6, py + 4, short(self.top * share), "end")
            yield _text(px, HEIGHT - BOTTOM + 16, short(self.right * share), "middle")
        yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x, "middle")
        yield Markup('<text x="12" y="{0}" text-anchor="middle" transform="rotate(-90 12 {0})">{1}</text>').format(
            (HEIGHT - BOTTOM + TOP) / 2, y
        )

    def mark(self, mark: Mark) -> Markup:
        if mark.upright:
            (x, low), (_, high) = self.at(mark.at, 0), self.at(mark.at, self.top)
            text = _text(x - 5, high + 12, mark.name, "end")
            return _stroke(x, x, low, high) + text
        (left, y), (right, _) = self.at(0, mark.at), self.at(self.right, mark.at)
        return _stroke(left, right, y, y) + _text(right - 4, y - 5, mark.name, "end")

    def line(self, line: Line, colour: int) -> Markup:
        places = [self.at(x, y) for x, y in sorted(line.points)]
        path = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(places))
        drawn = Markup('<path d="{}" class="line c{}"/>').format(path, colour)
        dots = (Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.2" class="dot c{}"/>').format(x, y, colour)
                for x, y in places) if line.dots else ()  # fmt: skip
        return drawn + Markup("").join(dots)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _stroke(x1: float, x2: float, y1: float, y2: float) -> Markup:
    return Markup('<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" class="mark"/>').format(x1, x2, y1, y2)


def bars(rows: Sequence[tuple[str, float | None, float, str]]) -> Markup:
    """A bar for each (name, value, limit, text) as a share of its limit; one beyond its limit is marked as bad."""
    height = BAR * len(rows) + 8
    told = ", ".join(f"{name}: {text}" for name, _, _, text in rows)
    parts = [Markup('<svg viewBox="0 0 {} {}" role="img" class="plot"><title>{}</title>').format(WIDTH, height, told)]
    for number, (name, value, limit, text) in enumerate(rows):
        middle, room = 4 + BAR * number + BAR / 2, WIDTH - LABEL - VALUE
        share = min(1.0, (value or 0.0) / limit) if limit else 0.0
        bad = " over" if value is not None and value > limit else ""
        parts.append(_text(LABEL - 8, middle + 4, name, "end"))
        parts.append(Markup('<rect x="{}" y="{:.1f}" width="{:.1f}" height="14" rx="3" class="room"/>').format(
            LABEL, middle - 7, room))  # fmt: skip
        parts.append(Markup('<rect x="{}" y="{:.1f}" width="{:.1f}" height="14" rx="3" class="bar{}"/>').format(
            LABEL, middle - 7, max(1.5, room * share), bad))  # fmt: skip
        parts.append(_text(LABEL + room + 8, middle + 4, text, "start"))
    return Markup("").join([*parts, Markup("</svg>")])


def _nice(value: float) -> float:
    """The next number up that divides well."""
    if value <= 0:
        return 1.0
    base: float = 10.0 ** math.floor(math.log10(value))
    return next(base * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if base * step >= value)


def short(value: float) -> str:
    """A number beside an axis."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
