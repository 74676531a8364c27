"""One line of the history: what a run came to, small enough to keep a thousand of them (version 1).

The file is JSON lines, one run each, only ever appended to. Checks are grouped by their file, so that its path is not
repeated; a verdict is one letter. Seconds are wall-clock seconds with two digits after the point.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from reports.models import Model, Verdict

HISTORY_VERSION = 1

#: The letter of each verdict in a line of the history.
LETTERS = {
    Verdict.PASS: "p",
    Verdict.FAIL: "f",
    Verdict.UNKNOWN: "u",
    Verdict.WAIVED: "w",
    Verdict.NOT_APPLICABLE: "a",
    Verdict.NOT_RUN: "n",
}
VERDICTS = {letter: verdict for verdict, letter in LETTERS.items()}
Letter = Literal["p", "f", "u", "w", "a", "n"]


class LoadFigures(Model):
    """What a load run measured: events a second, milliseconds, and its verdict."""

    verdict: str
    offered: float
    acknowledged: float
    queryable: float
    latency_p99: float | None = None
    freshness_p95: float | None = None
    lost: int = 0


class CapacityFigures(Model):
    """What a capacity sign-off found: sustainable events a second, with the lowest and highest of its repeats."""

    verdict: str
    sustainable: float | None
    low: float | None = None
    high: float | None = None


class Entry(Model):
    """A run. ``checks`` maps a file to its checks, each with the letter of its verdict and its seconds.

    ``commit`` ends with ``-dirty`` where the tree had changes that no commit holds.
    """

    schema_version: Literal[1] = 1
    run: str
    started: datetime
    seconds: float
    stack: str
    commit: str | None = None
    exit_code: int | None = None
    finished: bool = True
    cores: int = Field(default=0, ge=0)
    versions: dict[str, str] = Field(default_factory=dict)
    requirements: dict[str, Letter] = Field(default_factory=dict)
    checks: dict[str, dict[str, tuple[Letter, float]]] = Field(default_factory=dict)
    load: LoadFigures | None = None
    capacity: CapacityFigures | None = None
