"""What ``python -m reports`` does with records: each command prints its answer and returns its exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reports import diff, diff_text, history, measured, noise, outputs, prune, runs, terminal, trend, trend_page
from reports.files import store
from reports.models import Report
from reports.reading import ReportError, load
from reports.schema import KINDS, published, text

MOST_RUNS = 1000
OK, WORSE, UNFINISHED, BAD_INPUT = 0, 1, 3, 4


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where runs lie, and the file of the history."""

    base: Path
    history: Path


@dataclass(frozen=True, kw_only=True)
class Told:
    """A diff in both of its forms, and whether anything got worse."""

    text: str
    markdown: str
    worse: bool


def show(run: str, places: Places) -> int:
    """Print a run's summary; its own exit code, or 3 where it never ended."""
    path = runs.find(run, places.base)
    report = load(path)
    print("\n".join(terminal.lines(report, str(path))))
    return report.run.exit_code if report.run.finished and report.run.exit_code is not None else UNFINISHED


def write(run: str, places: Places) -> int:
    """Make every form of a report anew, such as after a load run was put beside it."""
    path = runs.find(run, places.base)
    report = load(path)
    for made in outputs.write(report, path.parent):
        if made.parent == path.parent:
            print(f"written: {made}")
    return _tell(measured.beside(path.parent).problems)


def compare(old: str, new: str, places: Places, *, markdown: bool) -> int:
    """Print what changed between two runs; 1 where anything got worse."""
    told = difference(old, new, places)
    print(told.markdown if markdown else told.text, end="")
    return WORSE if told.worse else OK


def difference(old: str, new: str, places: Places) -> Told:
    """What changed between two runs; lines of the history that cannot be read are told, and left out."""
    before, after = _side(old, places), _side(new, places)
    known, problems = _noise(after.report, places)
    found = diff.compare(before, after, known)
    _tell(problems)
    return Told(text=diff_text.text(found), markdown=diff_text.markdown(found), worse=found.worse)


def record(run: str, places: Places) -> int:
    """Add a run to the history."""
    path = runs.find(run, places.base)
    beside = measured.beside(path.parent)
    entry = history.entry_of(load(path), beside.load_figures, beside.capacity)
    if history.append(places.history, entry):
        print(f"recorded: {entry.run} in {places.history}")
    else:
        print(f"the history {places.history} has the run {entry.run} already")
    return _tell(beside.problems)


def trend_of(places: Places, target: Path, newest: int) -> int:
    """Write the page over the newest runs of the history; 4 where a line could not be read, though the rest counts."""
    known = history.read(places.history, newest)
    if not known.entries and not known.problems:
        raise ReportError(f"the history {places.history} is empty; next: python -m reports record latest")
    if known.entries:
        shaped = trend.shape(known.entries)
        present = {path.parent.name for path in target.parent.glob("*/report.html")}
        store(target, trend_page.render(shaped, known.problems, present))
        print(f"written: {target}: {len(known.entries)} runs, {trend_page.sentence(shaped)}")
    return _tell(known.problems)


def prune_runs(places: Places, *, dry: bool, now: float) -> int:
    """Remove folders of old runs by the stated rule."""
    for path in prune.spent(places.base, now):
        print(f"{'would remove' if dry else 'removed'}: {path}")
        if not dry:
            prune.remove(path)
    return OK


def schema(kind: str, *, everything: bool) -> int:
    """Print the JSON Schema of a kind of record, or publish those of all."""
    if not everything:
        print(text(kind), end="")
        return OK
    for name in KINDS:
        published(name).write_text(text(name), encoding="utf-8")
        print(f"written: {published(name)}")
    return OK


def _side(run: str, places: Places) -> diff.Side:
    path = runs.find(run, places.base)
    beside = measured.beside(path.parent)
    for problem in beside.problems:
        raise ReportError(problem)
    return diff.Side(report=load(path), load=beside.load_figures, capacity=beside.capacity)


def _noise(report: Report, places: Places) -> tuple[noise.Noise, tuple[str, ...]]:
    if not places.history.is_file():
        return noise.Noise(), ()
    known = history.read(places.history)
    cores, stack = report.run.machine.cores, report.stack.kind
    return noise.of_history(known.entries, stack=stack, cores=cores, before=report.run.id), known.problems


def _tell(problems: Iterable[str]) -> int:
    told = list(problems)
    for problem in told:
        print(f"error: {problem}", file=sys.stderr)
    return BAD_INPUT if told else OK
