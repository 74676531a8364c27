"""Sections that are made of the tables checks recorded: the lying provider, the budget, and all the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reports.models import Grid, Report, Scalar

HOSTILE, TRIALS = "hostile provider", "outcome"
BUDGET = "requests and volumes"
OTHERS = "ANOTHER PERSON'S"
REFUSE, ADMIT = "must be refused", "must be let in"
MAX_TABLES, MAX_ROWS = 40, 100
AMOUNT = re.compile(r"\s*([\d.]+)\s*(m|Ki|Mi|Gi|Ti)?\s*\Z")
FACTORS = {"": 1.0, "m": 1e-3, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
FULL, NEAR = 1.0001, 0.9

Section = dict[str, object]


def hostile(report: Report) -> Section:
    """What Sentry made of each lie of a provider: as the standard wants, against it, or left open by it."""
    whole = [grid for grid in report.grids if grid.name == HOSTILE and grid.rows]
    trials = whole or [grid for grid in report.grids if grid.name == TRIALS and "lie" in grid.columns and grid.rows]
    if not trials:
        return {"columns": [], "rows": []}
    columns = trials[0].columns
    rows: dict[str, list[Scalar]] = {}
    for grid in trials:
        if grid.columns == columns:
            rows |= {str(row[0]): row for row in grid.rows}
    told = [(_reading(dict(zip(columns, map(str, row), strict=True))), row) for row in rows.values()]
    order = ("against", "free", "as")
    told.sort(key=lambda entry: (OTHERS not in entry[1], order.index(entry[0])))
    against = sum(reading == "against" for reading, _ in told)
    taken = sum(OTHERS in row for _, row in told)
    return {"columns": columns, "rows": told, "against": against, "taken": taken}


def _reading(row: dict[str, str]) -> str:
    """``as`` the standard wants it, ``against`` it, or ``free`` where it leaves the client the choice."""
    if row.get("account reached") == OTHERS:
        return "against"
    expectation, outcome = row.get("expectation"), row.get("outcome")
    if expectation not in (REFUSE, ADMIT):
        return "free"
    return "as" if outcome == ("refused" if expectation == REFUSE else "let in") else "against"


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A cell of the budget: what it says, and the share of its allowance, or None where it says no share."""

    text: str
    share: float | None = None

    @property
    def tone(self) -> str:
        """``over`` the allowance, ``near`` it, or well within."""
        if self.share is None or self.share > FULL:
            return "over"
        return "near" if self.share > NEAR else "fill"


def budget(report: Report) -> Section:
    """The table of resources as bars: what is asked for of what is allowed, for each source that was judged."""
    tables = []
    for grid in report.grids:
        if grid.name == BUDGET and grid.rows:
            rows = [[Meter(text=str(row[0])), *(meter(str(cell)) for cell in row[1:])] for row in grid.rows]
            tables.append((_of(grid.check), grid.columns, rows))
    return {"tables": tables}


def meter(cell: str) -> Meter:
    """A cell such as ``250m of 500m`` with its share."""
    asked, _, allowed = cell.partition(" of ")
    one, other = _amount(asked), _amount(allowed)
    share = None if one is None or not other else one / other
    return Meter(text=cell, share=share)


def _amount(text: str) -> float | None:
    found = AMOUNT.match(text)
    return float(found[1]) * FACTORS[found[2] or ""] if found else None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One or several grids of the same name and columns; ``of`` tells for each row which check it is of, if several."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Scalar]]
    numeric: Sequence[bool]
    left: int
    total: int
    files: Sequence[tuple[str, str]]


def grids(report: Report) -> Section:
    """The first of the tables that have no section of their own."""
    found = tables(report)
    return {"tables": found[:MAX_TABLES], "left": max(0, len(found) - MAX_TABLES)}


def tables(report: Report) -> list[Table]:
    """Every table with rows that has no section of its own; those of one name under each other."""
    families: dict[tuple[str, tuple[str, ...]], list[Grid]] = {}
    for grid in report.grids:
        own = grid.name in (HOSTILE, BUDGET) or (grid.name == TRIALS and "lie" in grid.columns)
        if (grid.rows or grid.file) and not own:
            families.setdefault((grid.name, tuple(grid.columns)), []).append(grid)
    return [_table(name, columns, members) for (name, columns), members in families.items()]


def _table(name: str, columns: Sequence[str], members: Sequence[Grid]) -> Table:
    rows = [[_of(grid.check), *row] if len(members) > 1 else list(row) for grid in members for row in grid.rows]
    heads = ["of", *columns] if len(members) > 1 else list(columns)
    return Table(
        name=name,
        columns=heads,
        rows=rows[:MAX_ROWS],
        numeric=numeric_columns(heads, rows[:MAX_ROWS]),
        left=max(0, len(rows) - MAX_ROWS),
        total=len(rows),
        files=[(_of(grid.check), grid.file) for grid in members if grid.file],
    )


def _of(check: str) -> str:
    """What tells a check from its siblings: its parameters, or else its name."""
    name = check.rpartition("::")[2]
    parameters = name.partition("[")[2].rstrip("]")
    return parameters or name.removeprefix("test_").replace("_", " ")


def numeric_columns(columns: Sequence[str], rows: Sequence[Sequence[Scalar]]) -> list[bool]:
    """Which columns hold a number anywhere: those are aligned to the right."""
    cells = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return [any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in column) for column in cells]
