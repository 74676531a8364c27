"""The history: a file of JSON lines, one run each, that is only ever appended to.

A line that cannot be read is told and left where it is; the others still count. Two commands may append at once.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from reports.history_models import HISTORY_VERSION, LETTERS, CapacityFigures, Entry, LoadFigures
from reports.models import Report
from reports.reading import ReportError, first_fault, parse

NAME = "history.jsonl"


@dataclass(frozen=True, kw_only=True)
class History:
    """Runs from the oldest to the newest, and a sentence for each line that could not be read."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()


def entry_of(report: Report, load: LoadFigures | None = None, capacity: CapacityFigures | None = None) -> Entry:
    """What the history keeps of a run."""
    checks: dict[str, dict[str, tuple[str, float]]] = {}
    for check in report.checks:
        file, _, name = check.id.partition("::")
        checks.setdefault(file, {})[name] = (LETTERS[check.verdict], round(check.seconds, 2))
    return Entry.model_validate(
        {
            "run": report.run.id,
            "started": report.run.started,
            "seconds": round(report.run.seconds, 2),
            "stack": report.stack.kind,
            "commit": report.run.commit,
            "exit_code": report.run.exit_code,
            "finished": report.run.finished,
            "cores": report.run.machine.cores,
            "versions": {part.name: part.version for part in report.stack.components},
            "requirements": {one.id: LETTERS[one.verdict] for one in report.requirements},
            "checks": checks,
            "load": load,
            "capacity": capacity,
        }
    )


def append(path: Path, entry: Entry) -> bool:
    """Add a run at the end; false where the history has this run already.

    A broken last line, left by a machine that went down, is closed first, so that it takes nothing else with it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = entry.model_dump_json(exclude_none=True) + "\n"
    try:
        with path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if any(one.run == entry.run for one in read(path).entries):
                return False
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else f"\n{line}"
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ReportError(f"the history {path} cannot be written: {error.strerror or error}") from error
    return True


def read(path: Path, newest: int | None = None) -> History:
    """The runs of a history in the order of their start, at most the ``newest`` of them.

    :raises ReportError: the file is missing or cannot be read at all.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ReportError(
            f"there is no history at {path}: {error.strerror or error}; next: python -m reports record"
        ) from error
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    entries, problems = [], []
    for number, line in numbered[-newest:] if newest else numbered:
        try:
            entries.append(_entry(line, f"line {number} of the history {path}"))
        except ReportError as error:
            problems.append(str(error))
    entries.sort(key=lambda entry: entry.started)
    return History(entries=tuple(entries), problems=tuple(problems))


def verdicts(entry: Entry) -> Iterator[tuple[str, str, float]]:
    """Every check of a run with the letter of its verdict and its seconds."""
    for file, checks in entry.checks.items():
        for name, (letter, seconds) in checks.items():
            yield (f"{file}::{name}" if name else file), letter, seconds


def _entry(line: bytes, what: str) -> Entry:
    try:
        return Entry.model_validate_json(line)
    except ValidationError as error:
        data = parse(line.decode("utf-8", "replace"), what)
        version = data.get("schema_version")
        if isinstance(version, int) and version > HISTORY_VERSION:
            raise ReportError(
                f"{what} is newer than this program (version {version}, known is {HISTORY_VERSION}): update the suite"
            ) from error
        raise ReportError(f"{what} is broken: {first_fault(error)}") from error
