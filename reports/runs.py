"""Finds runs below the report folder: by id, by folder, by file, or counted back from the newest (``latest~1``).

A run is a folder with a ``report.json``; the newest is the one that started last. That moment is read from the first
bytes of the file, because there may be hundreds of them.
"""

from __future__ import annotations

import re
from pathlib import Path

from reports.reading import ReportError

LATEST = re.compile(r"latest(?:~(\d{1,4}))?\Z")
STARTED = re.compile(rb'"started":\s*"([^"]+)"')
REPORT = "report.json"
HEAD_BYTES = 4096
SHOWN = 5


def find(run: str, base: Path) -> Path:
    """The report that a person means. :raises ReportError: there is none, with the runs that there are."""
    counted = LATEST.match(run)
    if counted:
        return _counted(run, int(counted[1] or 0), base)
    given = Path(run)
    for candidate in (base / run / REPORT, given / REPORT, given):
        if candidate.is_file():
            return candidate
    raise ReportError(f"there is no report of {run!r} below {base}: {_known(base)}")


def newest_first(base: Path, name: str = REPORT) -> list[Path]:
    """Every record of this name below the folder, the one that started last first."""
    found = [path for path in base.glob(f"*/{name}") if not path.parent.is_symlink()]
    return sorted(found, key=lambda path: (started(path), path.parent.name), reverse=True)


def started(path: Path) -> str:
    """When the run of a report began, as the report says it; empty where it does not."""
    try:
        with path.open("rb") as file:
            said = STARTED.search(file.read(HEAD_BYTES))
    except OSError:
        return ""
    return said[1].decode("ascii", "replace") if said else ""


def _counted(run: str, back: int, base: Path) -> Path:
    found = newest_first(base)
    if back < len(found):
        return found[back]
    if not found:
        raise ReportError(f"there is no report of {run!r} below {base}: no run was reported there yet")
    raise ReportError(f"there is no report of {run!r} below {base}: it holds {len(found)} runs only")


def _known(base: Path) -> str:
    names = [path.parent.name for path in newest_first(base)]
    return f"known runs end with {', '.join(reversed(names[:SHOWN]))}" if names else "no run was reported there yet"
