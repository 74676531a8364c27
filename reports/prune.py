"""Which folders of runs may go.

The rule: a run stays while it is younger than 30 days, and the newest 30 runs stay whatever their age; of older runs
the last one of each month stays for two years. The history and the trend page keep every run. Only a folder with a
record of ours in it is ever removed, and never what ``latest`` names.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from reports import measured, runs

DAYS, NEWEST, MONTHS_DAYS = 30, 30, 730
DAY = 86400.0


def spent(base: Path, now: float) -> list[Path]:
    """Folders that the rule lets go, the oldest first. ``now`` is in seconds since the epoch."""
    latest = (base / "latest").resolve()
    months: set[str] = set()
    gone = []
    for number, path in enumerate(_records(base)):
        began = _began(path)
        if began is None or path.parent.resolve() == latest:
            continue
        month, age = f"{began:%Y-%m}", (now - began.timestamp()) / DAY
        first_of_month = month not in months
        months.add(month)
        if number < NEWEST or age < DAYS or (first_of_month and age < MONTHS_DAYS):
            continue
        gone.append(path.parent)
    return gone[::-1]


def remove(folder: Path) -> None:
    """Remove a run's folder."""
    shutil.rmtree(folder)


def _records(base: Path) -> list[Path]:
    """A record of each run, the newest run first; a load run of its own has no report."""
    reports = runs.newest_first(base)
    told = {path.parent for path in reports}
    loads = [path for path in runs.newest_first(base, measured.LOAD) if path.parent not in told]
    return sorted([*reports, *loads], key=lambda path: (runs.started(path), path.parent.name), reverse=True)


def _began(path: Path) -> datetime | None:
    """When a run began; None where its report does not say so, and then it is not ours to remove."""
    try:
        began = datetime.fromisoformat(runs.started(path))
    except ValueError:
        return None
    return began if began.tzinfo else began.replace(tzinfo=UTC)
