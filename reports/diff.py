"""What changed from one run to another: pure, from two reports and the noise of earlier runs.

A change is worse where it takes away something that was known to be good; only that makes ``python -m reports diff``
end with 1. A check that appears under a new name is a check gained, not a change of an old one.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reports.build import first_line
from reports.history_models import CapacityFigures, LoadFigures
from reports.models import CheckResult, ComponentFact, Report, RequirementResult, Verdict
from reports.noise import Noise
from reports.reproduce import asks_for_all

LOAD_SHARE = 0.2
"""Two load runs at one rate that differ by less than this are the same."""
SAME_RATE = 0.05
SEARCHES_AGREE = 0.15
"""Searches for the sustainable rate of one platform agree within this share."""
SILENT = (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE)


class Kind(enum.StrEnum):
    """The kinds of change, in the order in which a reader wants them."""

    FAILURE = "new failures"
    UNKNOWN = "newly unknown"
    UNJUDGED = "no longer judged"
    SLOWER = "slower beyond noise"
    CAPACITY = "capacity changed beyond its spread"
    REQUIREMENT_LOST = "requirements lost"
    FIXED = "fixed"
    VERDICT = "other verdicts that changed"
    VERSION = "versions changed"
    REQUIREMENT_GAINED = "requirements gained"
    CHECK_GAINED = "checks gained"
    CHECK_LOST = "checks lost"


WORSE = frozenset((Kind.FAILURE, Kind.UNKNOWN, Kind.UNJUDGED, Kind.SLOWER, Kind.REQUIREMENT_LOST, Kind.CHECK_LOST))


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that changed, from what to what, and why that matters."""

    kind: Kind
    subject: str
    before: str
    after: str
    why: str = ""
    worse: bool = False


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two runs, with what was measured beside it."""

    report: Report
    load: LoadFigures | None = None
    capacity: CapacityFigures | None = None


@dataclass(frozen=True, kw_only=True)
class Diff:
    """All changes, and what a reader must know of the two runs before believing them."""

    old: str
    new: str
    changes: tuple[Change, ...]
    remarks: tuple[str, ...] = ()

    @property
    def worse(self) -> bool:
        """Whether anything became worse."""
        return any(change.worse for change in self.changes)

    def of(self, kind: Kind) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind is kind]


@dataclass(kw_only=True)
class _Found:
    changes: list[Change] = field(default_factory=list)

    def add(
        self, kind: Kind, subject: str, before: object, after: object, why: str = "", *, worse: bool = False
    ) -> None:
        told = Change(
            kind=kind, subject=subject, before=str(before), after=str(after), why=why, worse=worse or kind in WORSE
        )
        self.changes.append(told)


def compare(old: Side, new: Side, noise: Noise | None = None) -> Diff:
    """Everything that changed from ``old`` to ``new``."""
    found = _Found()
    left, right = _comparable(old.report, new.report)
    _checks(found, left, right, noise or Noise())
    _requirements(found, left, right)
    _versions(found, old.report, new.report)
    _capacity(found, old.capacity, new.capacity)
    _load(found, old.load, new.load)
    order = list(Kind)
    changes = sorted(found.changes, key=lambda change: (order.index(change.kind), change.subject))
    return Diff(
        old=old.report.run.id,
        new=new.report.run.id,
        changes=tuple(changes),
        remarks=tuple(_remarks(old.report, new.report)),
    )


def _comparable(old: Report, new: Report) -> tuple[Report, Report]:
    """The two without the files that the other run was not asked for: those are no change of anything."""
    files = _files(old) & _files(new)
    return _of_files(old, files, new), _of_files(new, files, old)


def _of_files(report: Report, files: set[str], other: Report) -> Report:
    """A run of all suites saw every file there was, so what it has not is gone."""
    if asks_for_all(other.run.command):
        return report
    checks = [check for check in report.checks if _file(check.id) in files]
    if any("::" in part for part in other.run.command):  # single checks were asked for, not files
        seen = {check.id for check in other.checks}
        checks = [check for check in checks if check.id in seen]
    names = {check.id for check in checks}
    kept = [one for one in report.requirements if not one.checks or set(one.checks) & names]
    return report.model_copy(update={"checks": checks, "requirements": kept})


def _files(report: Report) -> set[str]:
    return {_file(check.id) for check in report.checks}


def _file(check: str) -> str:
    return check.partition("::")[0]


def _checks(found: _Found, old: Report, new: Report, noise: Noise) -> None:
    before = {check.id: check for check in old.checks}
    after = {check.id: check for check in new.checks}
    for name, check in after.items():
        known = before.get(name)
        if known is None:
            _gained(found, check)
        elif known.verdict is not check.verdict:
            _verdict(found, known, check)
        elif check.verdict in (Verdict.PASS, Verdict.WAIVED):
            why = noise.slower(name, known.seconds, check.seconds)
            if why:
                found.add(Kind.SLOWER, name, f"{known.seconds:.2f} s", f"{check.seconds:.2f} s", why)
    for name, check in before.items():
        if name not in after:
            found.add(Kind.CHECK_LOST, name, check.verdict, "gone")


def _gained(found: _Found, check: CheckResult) -> None:
    kinds = {Verdict.FAIL: Kind.FAILURE, Verdict.UNKNOWN: Kind.UNKNOWN}
    kind = kinds.get(check.verdict, Kind.CHECK_GAINED)
    found.add(kind, check.id, "not there", check.verdict, first_line(check.reason))


def _verdict(found: _Found, old: CheckResult, new: CheckResult) -> None:
    if new.verdict is Verdict.FAIL:
        kind = Kind.FAILURE
    elif new.verdict is Verdict.UNKNOWN:
        kind = Kind.UNKNOWN
    elif new.verdict in SILENT and old.verdict not in SILENT:
        kind = Kind.UNJUDGED
    elif new.verdict is Verdict.PASS and old.verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        kind = Kind.FIXED
    else:
        kind = Kind.VERDICT
    found.add(kind, new.id, old.verdict, new.verdict, first_line(new.reason))


def _requirements(found: _Found, old: Report, new: Report) -> None:
    """A requirement is there where the run's suite has at least one check for it."""
    before, after = _proven(old), _proven(new)
    for name in after.keys() - before.keys():
        found.add(Kind.REQUIREMENT_GAINED, name, "without a check", after[name].verdict, after[name].sentence)
    for name in before.keys() - after.keys():
        found.add(Kind.REQUIREMENT_LOST, name, before[name].verdict, "without a check", before[name].sentence)


def _proven(report: Report) -> Mapping[str, RequirementResult]:
    return {one.id: one for one in report.requirements if one.checks}


def _versions(found: _Found, old: Report, new: Report) -> None:
    before = {part.name: part for part in old.stack.components}
    after = {part.name: part for part in new.stack.components}
    if not before or not after:
        return  # one of them never saw a stack: nothing is known of its versions
    for name in [*after, *(name for name in before if name not in after)]:
        one, other = before.get(name), after.get(name)
        if _told(one) != _told(other):
            found.add(Kind.VERSION, name, _told(one), _told(other))
        elif one and other and one.digest and other.digest and one.digest != other.digest:
            found.add(Kind.VERSION, name, one.digest, other.digest, "the same version, built anew")


def _told(part: ComponentFact | None) -> str:
    if part is None:
        return "not there"
    return part.version if part.provenance == "real" else f"{part.version} ({part.provenance})"


def _capacity(found: _Found, old: CapacityFigures | None, new: CapacityFigures | None) -> None:
    if old is None or new is None:
        return
    if old.verdict != new.verdict:
        found.add(Kind.CAPACITY, "verdict of the sign-off", old.verdict, new.verdict, worse=old.verdict == "signed off")
    if old.sustainable is None or new.sustainable is None:
        return
    low, high = _range(old, old.sustainable)
    lowest, highest = _range(new, new.sustainable)
    if highest < low or lowest > high:
        why = f"before, searches came to between {low:.4g}/s and {high:.4g}/s"
        worse = new.sustainable < old.sustainable
        subject, unit = "sustainable rate", "events/s"
        before, after = f"{old.sustainable:.4g} {unit}", f"{new.sustainable:.4g} {unit}"
        found.add(Kind.CAPACITY, subject, before, after, why, worse=worse)


def _range(known: CapacityFigures, rate: float) -> tuple[float, float]:
    """Where the repeats of a search came to; one search alone is as good as searches agree with each other."""
    if known.low is not None and known.high is not None:
        return known.low, known.high
    return rate * (1 - SEARCHES_AGREE), rate * (1 + SEARCHES_AGREE)


def _load(found: _Found, old: LoadFigures | None, new: LoadFigures | None) -> None:
    """Figures of two load runs, where both offered the same."""
    if old is None or new is None:
        return
    if new.lost > old.lost:
        found.add(Kind.CAPACITY, "acknowledged events lost", old.lost, new.lost, worse=True)
    if abs(new.offered - old.offered) > SAME_RATE * old.offered:
        return
    figures = (
        ("queryable", old.queryable, new.queryable, "events/s", True),
        ("latency p99", old.latency_p99, new.latency_p99, "ms", False),
        ("freshness p95", old.freshness_p95, new.freshness_p95, "ms", False),
    )
    for name, before, after, unit, more_is_better in figures:
        if before is None or after is None or abs(after - before) <= LOAD_SHARE * before:
            continue
        worse = (after < before) if more_is_better else (after > before)
        why = f"more than {LOAD_SHARE:.0%} at the same offered rate"
        found.add(Kind.CAPACITY, name, f"{before:.4g} {unit}", f"{after:.4g} {unit}", why, worse=worse)


def _remarks(old: Report, new: Report) -> Iterator[str]:
    if old.stack.kind != new.stack.kind:
        yield f"the two judged different stacks, {old.stack.kind} and then {new.stack.kind}: that may be why"
    for report, which in ((old, "old"), (new, "new")):
        if not report.run.finished or report.run.exit_code in (2, 3):
            told = "did not come to its end: what it left unjudged is no change of the platform"
            yield f"the {which} run {report.run.id} {told}"
        elif not asks_for_all(report.run.command):
            yield f"the {which} run {report.run.id} was asked for a part of the suites: only what both saw is compared"
        elif report.run.deselected:
            yield f"the {which} run {report.run.id} left {report.run.deselected} checks out"
