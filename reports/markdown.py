"""A report as Markdown for a CI job's page: what failed first, and never larger than the page takes.

GitHub shows at most 1 MiB of a step's summary and nothing at all of a larger one.
"""

from __future__ import annotations

from collections.abc import Sequence

from reports import reproduce
from reports.build import first_line, worst_first
from reports.marks import block, code, fit, plain_line
from reports.models import CheckResult, Report, Verdict
from reports.rules import PRECEDENCE
from reports.terminal import sentence, what_was_judged

LIMIT_BYTES = 1_000_000
DETAILED, LISTED = 50, 200
REASON_CHARACTERS = 4000
BAD = (Verdict.FAIL, Verdict.UNKNOWN)


def render(report: Report) -> str:
    """The page's text."""
    bad = [check for check in worst_first(report) if check.verdict in BAD]
    parts = [_head(report), *_waiver_problems(report)]
    if bad:
        parts += [f"\n### Failed or unknown ({len(bad)})\n", *(_detail(check, report) for check in bad[:DETAILED])]
        parts += [_more(bad, DETAILED, LISTED)] if len(bad) > DETAILED else []
    parts += [_list(report, "Waived", Verdict.WAIVED), _requirements(report)]
    parts += [_silent(report), _components(report), _reproduce(report)]
    return fit([part for part in parts if part], LIMIT_BYTES)


def _head(report: Report) -> str:
    run = report.run
    counts = [(verdict, sum(check.verdict is verdict for check in report.checks)) for verdict in PRECEDENCE]
    facts = f"Run {code(run.id)} on the {report.stack.kind} stack, {run.seconds:.0f} s"
    code_ = "" if run.exit_code is None else f", exit code {run.exit_code}"
    parts = what_was_judged(report)
    return "\n".join(
        [
            f"## {plain_line(sentence(report))}\n",
            f"| {' | '.join(str(verdict) for verdict, _ in counts)} |",
            f"|{'---:|' * len(counts)}",
            f"| {' | '.join(str(count) for _, count in counts)} |\n",
            f"{facts}{code_}.{f' {plain_line(parts)}.' if parts else ''}",
        ]
    )


def _waiver_problems(report: Report) -> list[str]:
    problems = [f"- {plain_line(waiver.problem)}" for waiver in report.waivers if waiver.problem]
    return ["\n### Waivers that fail the run\n", *problems[:LISTED]] if problems else []


def _detail(check: CheckResult, report: Report) -> str:
    names = ", ".join(check.requirements)
    evidence = f"\nEvidence: {code(check.page)} in the run's folder.\n" if check.page else ""
    return "\n".join(
        [
            f"#### {check.verdict}: {plain_line(check.purpose)} ({names})\n",
            block(check.reason.strip() or "no reason was given", REASON_CHARACTERS),
            evidence,
            f"Run it again: {code(reproduce.one(check, report))}\n",
        ]
    )


def _more(checks: Sequence[CheckResult], start: int, most: int) -> str:
    rest = checks[start : start + most]
    left = len(checks) - start - len(rest)
    lines = [f"- {check.verdict}: {code(check.id)} {plain_line(first_line(check.reason))}" for check in rest]
    return "\n".join([*lines, *([f"- and {left} more, see report.json"] if left > 0 else [])])


def _list(report: Report, title: str, verdict: Verdict) -> str:
    found = [check for check in report.checks if check.verdict is verdict]
    if not found:
        return ""
    return f"\n<details><summary>{title} ({len(found)})</summary>\n\n{_more(found, 0, LISTED)}\n\n</details>"


def _requirements(report: Report) -> str:
    topics: dict[str, list[Verdict | None]] = {}
    for one in report.requirements:
        topics.setdefault(one.topic, []).append(one.verdict if one.checks else None)
    heads = [*PRECEDENCE, None]
    names = [*(str(verdict) for verdict in PRECEDENCE), "without a check in this run"]
    rows = [
        f"| {topic} | {' | '.join(str(verdicts.count(head) or '') for head in heads)} |"
        for topic, verdicts in topics.items()
    ]
    return "\n".join(
        ["\n### Requirements\n", f"| topic | {' | '.join(names)} |", f"|---|{'---:|' * len(heads)}", *rows]
    )


def _silent(report: Report) -> str:
    """Grouped by reason: what this run says nothing about."""
    groups: dict[str, int] = {}
    for check in report.checks:
        if check.verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN):
            reason = f"{check.verdict}: {first_line(check.reason) or 'no reason was given'}"
            groups[reason] = groups.get(reason, 0) + 1
    if not groups:
        return ""
    found = sorted(groups.items(), key=lambda group: -group[1])
    lines = [f"- {count} of {plain_line(reason)}" for reason, count in found[:LISTED]]
    left = [f"- and {len(found) - LISTED} more reasons"] if len(found) > LISTED else []
    title = f"Not judged, and why ({sum(groups.values())} checks)"
    return "\n".join([f"\n<details><summary>{title}</summary>\n", *lines, *left, "\n</details>"])


def _components(report: Report) -> str:
    if not report.stack.components:
        return ""
    rows = [
        f"| {part.name} | {plain_line(part.version)} | {part.provenance} | {plain_line(part.managed_by) or ' '} |"
        for part in report.stack.components
    ]
    head = "\n<details><summary>Components</summary>\n\n| component | version | judged | run by |\n|---|---|---|---|"
    return "\n".join([head, *rows, "\n</details>"])


def _reproduce(report: Report) -> str:
    return f"\n### How to reproduce\n\n{block(report.run.reproduce, REASON_CHARACTERS)}"
