"""What each plain section of the page shows: it only sorts and shapes what ``models`` holds."""

from __future__ import annotations

from reports import links_map, reproduce, svg
from reports.build import first_line, worst_first
from reports.models import CheckResult, Report, RequirementResult, Verdict
from reports.rules import PRECEDENCE

MAX_CHECKS, MAX_FAILURES = 1500, 200
REASON_CHARACTERS = 3000
MAX_TIMELINES = 20
MAX_ROWS, MAX_MEMBERS = 200, 60
BAD = (Verdict.FAIL, Verdict.UNKNOWN)

Section = dict[str, object]


def failures(report: Report) -> Section:
    """What failed or is unknown, and waivers that fail the run."""
    found = [check for check in worst_first(report) if check.verdict in BAD]
    shown = [(check, clipped(check.reason), reproduce.one(check, report)) for check in found[:MAX_FAILURES]]
    problems = [waiver for waiver in report.waivers if waiver.problem]
    return {"checks": shown, "left": max(0, len(found) - MAX_FAILURES), "problems": problems}


def clipped(reason: str) -> str:
    """A reason of bearable length; the whole of it is on the check's own page."""
    left = len(reason) - REASON_CHARACTERS
    return reason if left <= 0 else f"{reason[:REASON_CHARACTERS]}\n... {left} more characters"


def matrix(report: Report) -> Section:
    """Requirements by topic; those that have checks first, worst first."""
    topics: dict[str, list[RequirementResult]] = {}
    for entry in report.requirements:
        topics.setdefault(entry.topic, []).append(entry)
    for entries in topics.values():
        entries.sort(key=lambda entry: (not entry.checks, PRECEDENCE.index(entry.verdict)))
    return {"topics": sorted(topics.items(), key=lambda topic: not any(entry.checks for entry in topic[1]))}


def components(report: Report) -> Section:
    """Every component with what stood in for it, and what it cost."""
    used = {sample.component: sample for sample in report.stack.usage}
    return {"rows": [(part, used.get(part.name)) for part in report.stack.components], "measured": bool(used)}


def timelines(report: Report) -> Section:
    """The ways of single events through the hops."""
    drawn = [(entry, svg.timeline(entry)) for entry in report.timelines if entry.hops]
    return {"drawn": drawn[:MAX_TIMELINES], "left": max(0, len(report.timelines) - min(len(drawn), MAX_TIMELINES))}


def figures(report: Report) -> Section:
    """Numbers that checks measured."""
    return {"figures": report.figures[:MAX_ROWS], "left": max(0, len(report.figures) - MAX_ROWS)}


def links(report: Report) -> Section:
    """Network paths and ports, the unprotected first, and a picture of them."""
    order = ("plaintext", "tls", "mtls")
    stack = report.stack
    return {
        "links": sorted(stack.links, key=lambda link: order.index(link.policy)),
        "listeners": sorted(stack.listeners, key=lambda one: order.index(one.policy)),
        "seen": {one.name: one for one in stack.listeners},
        "picture": links_map.draw(stack.links, stack.listeners),
    }


def unjudged(report: Report) -> Section:
    """What this run says nothing about, grouped by the reason; and what was waived until when."""
    groups: dict[tuple[Verdict, str], list[CheckResult]] = {}
    for check in report.checks:
        if check.verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN):
            groups.setdefault((check.verdict, first_line(check.reason)), []).append(check)
    found = [(verdict, reason, members) for (verdict, reason), members in groups.items()]
    silent = [entry for entry in report.requirements if not entry.checks]
    return {
        "groups": sorted(found, key=lambda group: -len(group[2]))[:MAX_ROWS],
        "left": max(0, len(found) - MAX_ROWS),
        "most": MAX_MEMBERS,
        "requirements": silent,
        "waivers": report.waivers,
    }


def checks(report: Report) -> Section:
    """Every check with its evidence."""
    found: list[CheckResult] = worst_first(report)
    return {"checks": found[:MAX_CHECKS], "left": max(0, len(found) - MAX_CHECKS)}
