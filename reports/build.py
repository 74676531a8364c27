"""Puts a report together from plain records, seals it with its digest, and reads one back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from reports.models import (
    SCHEMA_VERSION,
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
from reports.rules import PRECEDENCE, requirement_verdict


class ReportError(Exception):
    """A report that cannot be read, as one sentence."""


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


def digest(report: Report) -> str:
    """SHA-256 over the content without the digest itself, in canonical JSON."""
    content = report.model_dump(mode="json", exclude={"digest"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(report: Report) -> Report:
    """The same report with its digest."""
    return report.model_copy(update={"digest": digest(report)})


def to_json(report: Report) -> str:
    """The text of ``report.json``."""
    return report.model_dump_json(indent=1) + "\n"


def load(path: Path) -> Report:
    """Read a report back. :raises ReportError: missing, broken, changed since, or of another schema version."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"there is no report at {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ReportError(f"the report {path} is broken: it is no JSON ({error})") from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version != SCHEMA_VERSION:
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        hint = (
            "it is newer than this program: update the suite" if newer else "it names no schema version that is known"
        )
        raise ReportError(f"the report {path} cannot be read: {hint} (version {version!r}, known is {SCHEMA_VERSION})")
    try:
        report = Report.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ReportError(f"the report {path} is broken: {place}: {fault['msg']}") from error
    if report.digest != digest(report):
        raise ReportError(f"the report {path} was changed after it was written: its digest does not match")
    return report
