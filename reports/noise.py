"""What is noise and what is a change: the spread of earlier runs on the same kind of stack and machine.

Durations have long tails, so the middle is the median and the spread is the median distance from it (MAD).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reports.history import verdicts
from reports.history_models import Entry

ENOUGH = 5
"""Earlier runs from which on a spread means something."""
NEWEST = 30
"""Earlier runs that are looked at: a platform of last year says little of this night."""
SPREADS = 4.0
NORMAL = 1.4826
"""Makes the median distance comparable to a standard deviation of a normal distribution."""
LEAST_SHARE, LEAST_SECONDS = 0.2, 0.5
DOUBLED, DOUBLED_SECONDS = 2.0, 2.0
SUCCESS = frozenset("pw")


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Durations of each check in earlier runs, in seconds, and how many runs there were."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    runs: int = 0

    def slower(self, check: str, before: float, after: float) -> str:
        """Why this check counts as slower, or nothing where it is within the noise."""
        known = self.seconds.get(check, [])
        if len(known) < ENOUGH:
            if after > before * DOUBLED and after - before > DOUBLED_SECONDS:
                return f"more than twice as long; {len(known)} earlier runs are too few for a spread"
            return ""
        bar = limit(known)
        if after > bar and after - before > bar - statistics.median(known):
            return f"{len(known)} earlier runs stay below {bar:.2f} s"
        return ""


def limit(values: Sequence[float]) -> float:
    """What a further value of these must not exceed to be one of them."""
    middle = statistics.median(values)
    spread = statistics.median(abs(value - middle) for value in values) * NORMAL
    return middle + max(SPREADS * spread, LEAST_SHARE * middle, LEAST_SECONDS)


def of_history(entries: Iterable[Entry], *, stack: str, cores: int, before: str) -> Noise:
    """The noise of runs on this kind of stack and machine, without those from the run ``before`` on."""
    earlier: list[Entry] = []
    for entry in entries:
        if entry.run == before:
            break
        if entry.stack == stack and entry.cores == cores:
            earlier.append(entry)
    chosen = earlier[-NEWEST:]
    seconds: dict[str, list[float]] = {}
    for entry in chosen:
        for check, letter, took in verdicts(entry):
            if letter in SUCCESS:  # what failed may have waited for a time-out
                seconds.setdefault(check, []).append(took)
    return Noise(seconds=seconds, runs=len(chosen))
