"""Puts a report together from plain records and seals it with its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reports.models import (
    CheckResult,
    Figure,
    Grid,
    Level,
    Report,
    RequirementResult,
    Run,
    StackFacts,
    Timeline,
    Verdict,
    WaiverResult,
)
from reports.reading import ReportError, digest, load, seal
from reports.rules import PRECEDENCE, requirement_verdict

__all__ = ["Clause", "Records", "ReportError", "build", "digest", "load", "seal", "to_json", "worst_first"]


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A requirement as the report needs it; ``unjudged`` says why no check proves it yet."""

    id: str
    topic: str
    level: Level
    sentence: str
    where: str
    unjudged: str = ""
    note: str = ""


@dataclass(kw_only=True)
class Records:
    """All that a run brought, before it is judged as a whole."""

    checks: list[CheckResult] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    timelines: list[Timeline] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    waivers: list[WaiverResult] = field(default_factory=list)


def build(*, run: Run, stack: StackFacts, clauses: Sequence[Clause], records: Records) -> Report:
    """The sealed report of a run."""
    return seal(
        Report(
            run=run,
            stack=stack,
            requirements=[judge_clause(clause, records.checks) for clause in clauses],
            checks=records.checks,
            figures=records.figures,
            timelines=records.timelines,
            grids=records.grids,
            waivers=records.waivers,
        )
    )


def judge_clause(clause: Clause, checks: Sequence[CheckResult]) -> RequirementResult:
    """One requirement with the verdict of its checks and the reason of the worst of them."""
    mine = [check for check in checks if clause.id in check.requirements]
    verdict = requirement_verdict(check.verdict for check in mine)
    return RequirementResult(
        id=clause.id,
        topic=clause.topic,
        level=clause.level,
        sentence=clause.sentence,
        where=clause.where,
        verdict=verdict,
        reason=_reason(clause, mine, verdict),
        checks=[check.id for check in mine],
        note=clause.note,
    )


def _reason(clause: Clause, checks: Sequence[CheckResult], verdict: Verdict) -> str:
    if not checks:
        return clause.unjudged or "none of its checks was selected"
    if verdict is Verdict.PASS:
        return ""
    worst = [check for check in checks if check.verdict is verdict]
    more = f" (and {len(worst) - 1} more of {len(checks)} checks)" if len(worst) > 1 else ""
    return f"{first_line(worst[0].reason)}{more}"


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def worst_first(report: Report) -> list[CheckResult]:
    """The checks, failures first, each kind in the order of the run."""
    return sorted(report.checks, key=lambda check: PRECEDENCE.index(check.verdict))


def to_json(report: Report) -> str:
    """The text of ``report.json``."""
    return report.model_dump_json(indent=1) + "\n"
