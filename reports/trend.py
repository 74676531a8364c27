"""Shapes the history for the trend page: verdicts in rows, flakes, systematic failures and curves. Pure.

A flake is a check that both held and failed on one commit and one kind of stack; a tree with changes of its own is no
commit. Its cells at that commit get a letter of their own, ``k``.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.history import verdicts
from reports.history_models import Entry
from reports.noise import ENOUGH, limit
from reports.systematic import Pattern, patterns

ABSENT, FLAKY = "-", "k"
HELD, FAILED = frozenset("p"), frozenset("fw")
BAD = frozenset("fuk")
NEWEST_RUNS = 5
"""So many of the newest runs are held against all before them."""
SHOWN_DURATIONS = 15

Cells = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A check over the runs of one stack: a letter a run, and in how many runs it stood how."""

    check: str
    letters: str
    counts: Mapping[str, int]

    @property
    def last(self) -> str:
        """The newest verdict; absent where no run knows the check."""
        return next((letter for letter in reversed(self.letters) if letter != ABSENT), ABSENT)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """All checks over all runs of one kind of stack; rows that were ever bad first."""

    stack: str
    runs: Sequence[Entry]
    rows: Sequence[Row]

    @property
    def eventful(self) -> list[Row]:
        """Rows in which something was ever bad."""
        return [row for row in self.rows if BAD & row.counts.keys()]

    @property
    def quiet(self) -> list[Row]:
        """All other rows."""
        return [row for row in self.rows if not BAD & row.counts.keys()]


@dataclass(frozen=True, kw_only=True)
class Duration:
    """How long a check took: the median of its newest runs, and of all before; ``slower`` is beyond the noise."""

    check: str
    stack: str
    points: Sequence[tuple[float, float]]
    before: float
    now: float
    slower: bool


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Everything the page shows."""

    entries: Sequence[Entry]
    grids: Sequence[Grid]
    patterns: Sequence[Pattern]
    durations: Sequence[Duration]

    @property
    def flakes(self) -> list[tuple[str, Row]]:
        """Checks that were ever flaky, with their stack, the most often first."""
        found = [(grid.stack, row) for grid in self.grids for row in grid.rows if FLAKY in row.counts]
        return sorted(found, key=lambda entry: -entry[1].counts[FLAKY])


def shape(entries: Sequence[Entry]) -> Trend:
    """The trend of these runs, which come in the order of their start."""
    stacks: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        stacks[entry.stack].append(entry)
    grids, times = [], []
    for stack, runs in stacks.items():
        cells, seconds = _collect(runs)
        _mark_flakes(cells, runs)
        grids.append(Grid(stack=stack, runs=runs, rows=_rows(cells)))
        times += _durations(stack, seconds)
    times.sort(key=lambda one: (not one.slower, -one.now))
    newest = {grid.stack: {row.check: row.letters for row in grid.rows} for grid in grids}
    return Trend(
        entries=entries,
        grids=grids,
        patterns=patterns(newest, {grid.stack: grid.runs for grid in grids}),
        durations=times[:SHOWN_DURATIONS],
    )


def _collect(runs: Sequence[Entry]) -> tuple[Cells, dict[str, list[tuple[float, float]]]]:
    """For each check its letters over the runs, and its durations where it held."""
    cells: Cells = {}
    seconds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, run in enumerate(runs):
        for check, letter, took in verdicts(run):
            known = cells.get(check)
            if known is None:
                known = cells[check] = [ABSENT] * len(runs)
            known[number] = letter
            if letter in HELD:
                seconds[check].append((number, took))
    return cells, seconds


def _mark_flakes(cells: Cells, runs: Sequence[Entry]) -> None:
    commits: dict[str, list[int]] = defaultdict(list)
    for number, run in enumerate(runs):
        if run.commit and not run.commit.endswith("-dirty"):
            commits[run.commit].append(number)
    several = [numbers for numbers in commits.values() if len(numbers) > 1]
    for letters in cells.values():
        for numbers in several:
            seen = {letters[number] for number in numbers}
            if seen & HELD and seen & FAILED:
                for number in numbers:
                    letters[number] = FLAKY if letters[number] in HELD | FAILED else letters[number]


def _rows(cells: Cells) -> list[Row]:
    rows = [
        Row(check=check, letters="".join(letters), counts=Counter(letter for letter in letters if letter != ABSENT))
        for check, letters in cells.items()
    ]
    return sorted(rows, key=lambda row: (row.last not in BAD, -sum(row.counts[letter] for letter in BAD), row.check))


def _durations(stack: str, seconds: Mapping[str, Sequence[tuple[float, float]]]) -> list[Duration]:
    found = []
    for check, points in seconds.items():
        before = [took for _, took in points[:-NEWEST_RUNS]]
        now = statistics.median(took for _, took in points[-NEWEST_RUNS:])
        slower = len(before) >= ENOUGH and now > limit(before)
        middle = statistics.median(before) if before else now
        found.append(Duration(check=check, stack=stack, points=points, before=middle, now=now, slower=slower))
    return found
