"""Line charts as SVG: they take their colours from the page, and are read aloud by their title.

Points are thinned to what a screen shows, keeping the lowest and the highest of each slice, so that no peak is lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 680.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 26.0, 40.0
MOST_POINTS = 400
TICKS = 5
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A series. ``style`` is a class of the page (``a`` to ``d``); ``dots`` draws points instead of a line.

    ``band`` are the lowest and the highest at each point, for a spread.
    """

    name: str
    points: Sequence[Point]
    style: str = "a"
    dots: bool = False
    band: Sequence[tuple[float, float, float]] = ()


def chart(
    title: str,
    lines: Sequence[Line],
    *,
    unit: str,
    across: str = "seconds",
    label: Callable[[float], str] | None = None,
) -> Markup:
    """A chart from zero up. ``label`` writes a tick of the axis below; ``title`` says what a reader would see."""
    drawn = [line for line in lines if line.points]
    if not drawn:
        return Markup("")
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points] + [high for line in drawn for _, _, high in line.band]
    scale = _Scale(min(xs), max(xs), _round_up(max(ys)))
    parts = [
        Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" class="plot"><title>{}</title>').format(
            WIDTH, HEIGHT, title
        ),
        *_grid(scale, unit, across, label or _plain),
    ]
    for line in drawn:
        parts += [_band(line, scale), _dots(line, scale) if line.dots else _path(line, scale)]
    return Markup("").join([*parts, _legend(drawn), Markup("</svg>")])


@dataclass(frozen=True)
class _Scale:
    first: float
    last: float
    top: float

    def x(self, value: float) -> float:
        return LEFT + (value - self.first) / ((self.last - self.first) or 1.0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - BOTTOM - TOP)


def thin(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most about ``most`` points, the lowest and the highest of each slice."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) / (most / 2))
    kept: list[Point] = []
    for start in range(0, len(points), size):
        slice_ = points[start : start + size]
        low, high = min(slice_, key=lambda point: point[1]), max(slice_, key=lambda point: point[1])
        kept += sorted({low, high})
    return kept


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.9999)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.3g}"


def _grid(scale: _Scale, unit: str, across: str, label: Callable[[float], str]) -> list[Markup]:
    parts = []
    for number in range(TICKS):
        value = scale.top * number / (TICKS - 1)
        parts.append(
            Markup(
                '<line x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}" class="rule"/>'
                '<text x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(LEFT, WIDTH - RIGHT, scale.y(value), scale.y(value), LEFT - 8, scale.y(value) + 4, _plain(value))
        )
        at = scale.first + (scale.last - scale.first) * number / (TICKS - 1)
        anchor = "start" if number == 0 else "end" if number == TICKS - 1 else "middle"
        parts.append(
            Markup('<text x="{:.1f}" y="{:.0f}" text-anchor="{}">{}</text>').format(
                scale.x(at), HEIGHT - BOTTOM + 16, anchor, label(at)
            )
        )
    parts.append(Markup('<text x="{:.0f}" y="{:.0f}" class="unit">{}</text>').format(4, 12, unit))
    end = Markup('<text x="{:.0f}" y="{:.0f}" text-anchor="end" class="unit">{}</text>')
    return [*parts, end.format(WIDTH - RIGHT, HEIGHT - 6, across)]


def _path(line: Line, scale: _Scale) -> Markup:
    steps = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in thin(line.points))
    if len(line.points) == 1:
        return _dots(line, scale)
    return Markup('<polyline points="{}" class="line s-{}"/>').format(steps, line.style)


def _dots(line: Line, scale: _Scale) -> Markup:
    steps = "".join(f"M{scale.x(x):.1f} {scale.y(y):.1f}h0" for x, y in thin(line.points))
    return Markup('<path d="{}" class="dots s-{}"/>').format(steps, line.style)


def _band(line: Line, scale: _Scale) -> Markup:
    if not line.band:
        return Markup("")
    there = [f"{scale.x(x):.1f},{scale.y(high):.1f}" for x, _, high in line.band]
    back = [f"{scale.x(x):.1f},{scale.y(low):.1f}" for x, low, _ in reversed(line.band)]
    return Markup('<polygon points="{}" class="band s-{}"/>').format(" ".join([*there, *back]), line.style)


def _legend(lines: Sequence[Line]) -> Markup:
    parts, at = [], LEFT
    for line in lines:
        parts.append(
            Markup('<path d="M{:.0f} {:.0f}h18" class="key s-{}"/><text x="{:.0f}" y="{:.0f}">{}</text>').format(
                at, HEIGHT - 10, line.style, at + 24, HEIGHT - 6, line.name
            )
        )
        at += 24 + 7.2 * len(line.name) + 18
    return Markup("").join(parts)
