"""The one place that makes templates: everything that a run says is escaped, and numbers are written for people."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2
from markupsafe import Markup


@functools.cache
def environment() -> jinja2.Environment:
    """Templates of this folder. A name that a template misspells is an error, not an empty place."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["mib"] = lambda size: f"{size / 2**20:,.0f} MiB"
    made.filters["duration"] = duration
    made.filters["number"] = number
    return made


@functools.cache
def style() -> Markup:
    """The style that all pages share."""
    return Markup((Path(__file__).parent / "style.css").read_text(encoding="utf-8"))  # noqa: S704  (a file of ours)


def number(value: float | str | None) -> str:
    """A measured value with as many digits as mean something."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
