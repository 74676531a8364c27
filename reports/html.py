"""A report as one self-contained page: no script, no network, light or dark as the reader's system is.

``render`` fills ``page.html.j2``; each section of the page is one macro there and one function here, which only
sorts and shapes what ``models`` holds. A new section is a function, an entry of ``SECTIONS`` and a macro.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jinja2

from reports import links_map, svg
from reports.build import worst_first
from reports.models import CheckResult, Grid, Report, RequirementResult, Verdict
from reports.rules import PRECEDENCE
from reports.terminal import sentence, what_was_judged

MAX_CHECKS = 500
MAX_TIMELINES = 20
MAX_GRIDS = 10
MAX_ROWS = 200
BAD = (Verdict.FAIL, Verdict.UNKNOWN)

Section = dict[str, object]


def head(report: Report) -> Section:
    """The verdict in one sentence, and the counts behind it."""
    checks = [check.verdict for check in report.checks]
    judged = [entry.verdict for entry in report.requirements if entry.checks]
    return {
        "tone": tone(report),
        "sentence": sentence(report),
        "parts": what_was_judged(report),
        "tiles": [(verdict, checks.count(verdict), judged.count(verdict)) for verdict in PRECEDENCE],
    }


def tone(report: Report) -> str:
    """``good``, ``bad`` or ``open``: what colour the run's sentence has. Good needs exit code 0."""
    if any(check.verdict is Verdict.FAIL for check in report.checks):
        return "bad"
    return "good" if report.run.finished and report.run.exit_code == 0 else "open"


def failures(report: Report) -> Section:
    """What failed or is unknown, and waivers that fail the run."""
    found = [check for check in worst_first(report) if check.verdict in BAD]
    problems = [waiver for waiver in report.waivers if waiver.problem]
    return {"checks": found[:MAX_CHECKS], "left": max(0, len(found) - MAX_CHECKS), "problems": problems}


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


def grids(report: Report) -> Section:
    """Tables that checks recorded, such as topics by consumer groups."""
    shown = [(grid, numeric_columns(grid)) for grid in report.grids[:MAX_GRIDS]]
    return {"grids": shown, "left": max(0, len(report.grids) - MAX_GRIDS), "rows": MAX_ROWS}


def numeric_columns(grid: Grid) -> list[bool]:
    """Which columns hold a number anywhere: those are aligned to the right."""
    columns = zip(*grid.rows, strict=True) if grid.rows else ([] for _ in grid.columns)
    return [any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in column) for column in columns]


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
    """What this run says nothing about, and why; and what was waived until when."""
    silent = [check for check in report.checks if check.verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)]
    return {
        "checks": silent[:MAX_CHECKS],
        "left": max(0, len(silent) - MAX_CHECKS),
        "requirements": [entry for entry in report.requirements if not entry.checks],
        "waivers": report.waivers,
    }


def checks(report: Report) -> Section:
    """Every check with its evidence."""
    found: list[CheckResult] = worst_first(report)
    return {"checks": found[:MAX_CHECKS], "left": max(0, len(found) - MAX_CHECKS)}


#: In the order of the page: name of the macro, title, and the function that shapes its data.
SECTIONS: tuple[tuple[str, str, Callable[[Report], Section]], ...] = (
    ("failures", "Failed or unknown", failures),
    ("matrix", "Requirements", matrix),
    ("components", "Components", components),
    ("timelines", "An event's way", timelines),
    ("grids", "Topics and groups", grids),
    ("figures", "Figures", figures),
    ("links", "Links", links),
    ("unjudged", "Not judged, and why", unjudged),
    ("checks", "All checks", checks),
    ("reproduce", "How to reproduce", lambda _: {}),
)


def render(report: Report) -> str:
    """The page as text. Everything of the report is escaped by the template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["mib"] = lambda size: f"{size / 2**20:,.0f} MiB"
    environment.filters["duration"] = duration
    environment.filters["number"] = number
    sections = [(name, title, shape(report)) for name, title, shape in SECTIONS]
    return environment.get_template("page.html.j2").render(report=report, head=head(report), sections=sections)


def number(value: float | str | None) -> str:
    """A measured value with as many digits as mean something."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
