"""A report as lines of text: for the end of a test run and for ``python -m reports show``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reports.build import first_line, worst_first
from reports.models import CheckResult, Report, Verdict
from reports.rules import PRECEDENCE

CAP = 10
WIDTH = 160
BAD = (Verdict.FAIL, Verdict.UNKNOWN)
JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED)


def lines(report: Report, where: str) -> list[str]:
    """The whole summary. ``where`` tells a person where the report lies."""
    parts = (
        _headline(report),
        _checks(report, BAD, "Failed or unknown"),
        _waivers(report),
        _checks(report, (Verdict.WAIVED,), "Waived"),
        _checks(report, (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN), "Checks without a judgement"),
        _unjudged(report),
        _components(report),
        [f"report: {where}"],
    )
    return [line for part in parts for entry in part for line in entry.split("\n")]


def counts(verdicts: Iterable[Verdict]) -> str:
    """``3 fail, 12 pass``, worst first."""
    counted = Counter(verdicts)
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in PRECEDENCE if counted[verdict]) or "none"


def sentence(report: Report) -> str:
    """The run's verdict in one sentence."""
    seen = Counter(check.verdict for check in report.checks)
    problems = sum(1 for waiver in report.waivers if waiver.problem)
    of = f"on the {report.stack.kind} stack"
    judged = sum(seen[verdict] for verdict in JUDGED)
    if not report.run.finished:
        return f"The run has not ended: {judged} of {len(report.checks)} checks were judged {of}."
    if seen[Verdict.FAIL]:
        return f"The platform does not conform: {seen[Verdict.FAIL]} of {judged} judged checks failed {of}."
    if problems:
        return f"No check failed {of}, but {problems} waiver{'s need' if problems > 1 else ' needs'} attention."
    if report.run.exit_code in (2, 3, 4):
        why = f" It was ended by: {first_line(report.run.ended_by)}" if report.run.ended_by else ""
        return f"The run was interrupted: {judged} of {len(report.checks)} checks were judged {of}.{why}"
    left_out = sum(check.left_out for check in report.checks)
    open_ = seen[Verdict.UNKNOWN] + seen[Verdict.NOT_RUN] - report.run.deselected - left_out
    if open_ > 0:
        return f"No check failed {of}, but {open_} could not be judged: that is no success."
    if not judged:
        return f"Nothing was judged {of}: that is no success."
    waived = f", {seen[Verdict.WAIVED]} of them waived" if seen[Verdict.WAIVED] else ""
    without = f"; {left_out} were left out for want of what they need" if left_out else ""
    left = sum(requirement.verdict is Verdict.NOT_RUN for requirement in report.requirements)
    rest = f"; {left} of {len(report.requirements)} requirements were not judged" if left else ""
    return f"All {judged} judged checks hold {of}{waived}{without}{rest}."


def what_was_judged(report: Report) -> str:
    """Which components were the ADR's own servers and which were not, and which ran without their operator."""
    parts = report.stack.components
    if not parts:
        return ""
    kinds = {
        kind: [part.name for part in parts if part.provenance == kind] for kind in ("real", "substitute", "stand-in")
    }
    told = [f"{len(names)} {kind} ({', '.join(names)})" for kind, names in kinds.items() if names and kind != "real"]
    by_operator = [part.name for part in parts if part.managed_by.startswith("operator ")]
    without = [part.name for part in parts if part.managed_by.endswith("without an operator")]
    run_by = [f"by their operators: {', '.join(by_operator)}"] if by_operator else []
    run_by += [f"without their operator: {', '.join(without)}"] if without else []
    return "; ".join([", ".join([f"{len(kinds['real'])} of {len(parts)} components real", *told]), *run_by])


def capped(items: Sequence[str], cap: int = CAP) -> list[str]:
    """At most ``cap`` lines, and one that says how many were left out."""
    left = len(items) - cap
    return [*items[:cap], *([f"  ... and {left} more, see the report"] if left > 0 else [])]


def clip(text: str, width: int = WIDTH) -> str:
    """One line, shortened where it is longer than ``width``."""
    line = next((line.rstrip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= width else f"{line[: width - 4]} ..."


def _headline(report: Report) -> list[str]:
    proven = [requirement for requirement in report.requirements if requirement.checks]
    missing = len(report.requirements) - len(proven)
    left = f"; {missing} not judged in this run" if missing else ""
    parts = what_was_judged(report)
    return [
        sentence(report),
        *([f"judged:       {parts}"] if parts else []),
        f"requirements: {counts(requirement.verdict for requirement in proven)}{left}",
        f"checks:       {counts(check.verdict for check in report.checks)} in {report.run.seconds:.0f} s",
    ]


def _checks(report: Report, verdicts: Sequence[Verdict], title: str) -> list[str]:
    found = [check for check in worst_first(report) if check.verdict in verdicts]
    return [f"{title} ({len(found)}):", *capped([_check(check) for check in found])] if found else []


def _check(check: CheckResult) -> str:
    """Two lines: which check, and why. Ids are long, and the reason is what a reader looks for."""
    told = clip(f"  {check.verdict.upper():14} {check.id} [{', '.join(check.requirements)}]")
    return f"{told}\n{clip(f'                 {first_line(check.reason)}')}" if check.reason else told


def _waivers(report: Report) -> list[str]:
    problems = [clip(f"  {waiver.problem}") for waiver in report.waivers if waiver.problem]
    return [f"Waiver problems ({len(problems)}), each fails the run:", *capped(problems)] if problems else []


def _unjudged(report: Report) -> list[str]:
    """Grouped by reason: sixty lines of the same reason would hide the one that matters."""
    groups: dict[str, list[str]] = {}
    for entry in report.requirements:
        if not entry.checks:
            groups.setdefault(entry.reason, []).append(entry.id)
    if not groups:
        return []
    found = [clip(f"  {_some(names)}: {reason}") for reason, names in groups.items()]
    return [f"Requirements not judged ({sum(len(names) for names in groups.values())}):", *capped(found)]


def _some(names: Sequence[str], most: int = 4) -> str:
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")


def _components(report: Report) -> list[str]:
    if not report.stack.components:
        why = "the stack did not come up" if report.run.ended_by else "no check of this run looked at a stack"
        return [f"components:   none, {why}"]
    rows = [(part.name, part.version, part.provenance, part.managed_by, part.note) for part in report.stack.components]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)) for row in rows)
    return [f"Components ({len(rows)}):", *(clip(f"  {line}".rstrip(), WIDTH) for line in lines)]
