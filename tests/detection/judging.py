"""From a fault and the report of the checks that ran under it to a verdict on those checks; needs no stack."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from reports.models import Report, Verdict
from tests.detection.fault import Fault, covers

CRIED = frozenset({Verdict.FAIL, Verdict.UNKNOWN})


class Outcome(enum.StrEnum):
    """What came of one fault."""

    CAUGHT = "caught"
    MISSED = "missed"
    FALSE_ALARM = "false alarm"
    BROKEN = "not seeded"


class Result(BaseModel):
    """One fault as it was tried. Seconds are those of the whole round and of the checks alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str
    outcome: Outcome
    named: int = 0
    noticed: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    cried: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    checking: float = 0.0


def judge(fault: Fault, report: Report, *, seconds: float = 0.0, checking: float = 0.0) -> Result:
    """Caught when every named check noticed and no other cried."""
    noticing = CRIED if fault.blocks else CRIED - {Verdict.UNKNOWN}
    verdicts = {check.id: check.verdict for check in report.checks}
    named = [check for check in verdicts if any(covers(name, check) for name in fault.must_fail)]
    absent = [name for name in fault.must_fail if not any(covers(name, check) for check in verdicts)]
    missed = [*absent, *(f"{check} ({verdicts[check]})" for check in named if verdicts[check] not in noticing)]
    cried = _cried(fault, verdicts, named)
    outcome = Outcome.MISSED if missed else Outcome.FALSE_ALARM if cried else Outcome.CAUGHT
    return Result(
        fault=fault.id,
        outcome=outcome,
        named=len(named),
        noticed=tuple(check for check in named if verdicts[check] in noticing),
        missed=tuple(missed),
        cried=tuple(cried),
        reason=_reason(report, (*cried, *missed)),
        seconds=round(seconds, 1),
        checking=round(checking, 1),
    )


def _cried(fault: Fault, verdicts: Mapping[str, Verdict], named: Sequence[str]) -> list[str]:
    allowed = {check for check in verdicts if any(covers(name, check) for name in fault.may_fail)}
    return [c for c, verdict in verdicts.items() if verdict in CRIED and c not in named and c not in allowed]


def _reason(report: Report, checks: Sequence[str]) -> str:
    """Why the first of these checks said what it did."""
    found = {check.id: check.reason for check in report.checks}
    return next((found[name][:600] for name in checks if found.get(name)), "")
