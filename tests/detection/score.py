"""The score of a detection session: a table for a person and a JSON file, kept while faults are tried."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fixtures.embedded.site import PROJECT
from fixtures.run_folder import write_atomically
from tests.detection.judging import Outcome, Result

ROW = "{:42} {:12} {:>6} {:>8} {:>7} {:>7}"
SHOWN = 3
FILE = "reports/out/detection.json"


class Score(BaseModel):
    """What is kept in the file. ``commit`` tells whether results may be taken over by a later session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    commit: str
    results: tuple[Result, ...] = ()


def commit() -> str:
    """What was judged: the commit, with ``-dirty`` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def save(path: Path, results: Sequence[Result]) -> None:
    """Replace the file."""
    write_atomically(path, Score(commit=commit(), results=tuple(results)).model_dump_json(indent=1))


def earlier(path: Path) -> tuple[Result, ...]:
    """Caught faults of an earlier session on this very commit with nothing changed: it can be taken up again."""
    try:
        score = Score.model_validate_json(path.read_text())
    except (OSError, ValidationError):
        return ()
    if score.commit != commit() or score.commit.endswith("-dirty"):
        return ()  # what was changed since cannot be told
    return tuple(result for result in score.results if result.outcome is Outcome.CAUGHT)


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The table, then what was missed or cried falsely, then the sums."""
    yield ROW.format("fault", "outcome", "named", "noticed", "checks", "round")
    for result in results:
        seconds = (f"{result.checking:.0f} s", f"{result.seconds:.0f} s")
        yield ROW.format(result.fault, result.outcome, result.named, len(result.noticed), *seconds)
    for result in results:
        for word, checks in (("missed by", result.missed), ("cried falsely", result.cried)):
            for check in checks[:SHOWN]:
                yield f"  {result.fault}: {word} {check}"
            if len(checks) > SHOWN:
                yield f"  {result.fault}: {word} {len(checks) - SHOWN} more"
    count = Counter(result.outcome for result in results)
    sums = ", ".join(f"{count[outcome]} {outcome}" for outcome in Outcome)
    yield f"{len(results)} faults tried: {sums}; {sum(result.seconds for result in results):.0f} s"
