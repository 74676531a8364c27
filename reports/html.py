"""A report as one self-contained page: no script, no network, light or dark as the reader's system is.

``render`` fills ``page.html.j2``; each section of the page is one macro there and one function in ``page_sections``,
``page_tables`` or ``page_load``. A new section is a function, an entry of ``SECTIONS`` and a macro.
"""

from __future__ import annotations

from collections.abc import Callable

from reports import page_load, page_sections, page_tables
from reports.measured import NOTHING, Measured
from reports.models import Report, Verdict
from reports.page_sections import Section
from reports.rules import PRECEDENCE
from reports.templates import environment, style
from reports.terminal import sentence, what_was_judged

Shape = Callable[[Report, Measured], Section]


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


def _plain(shape: Callable[[Report], Section]) -> Shape:
    return lambda report, _: shape(report)


#: In the order of the page: name of the macro, title, and the function that shapes its data.
SECTIONS: tuple[tuple[str, str, Shape], ...] = (
    ("failures", "Failed or unknown", _plain(page_sections.failures)),
    ("matrix", "Requirements", _plain(page_sections.matrix)),
    ("unjudged", "Not judged, and why", _plain(page_sections.unjudged)),
    ("links", "Links", _plain(page_sections.links)),
    ("timelines", "An event's way", _plain(page_sections.timelines)),
    ("load", "Rates and freshness", lambda _, measured: page_load.load(measured)),
    ("hostile", "A provider that lies", _plain(page_tables.hostile)),
    ("budget", "Budget", _plain(page_tables.budget)),
    ("components", "Components", _plain(page_sections.components)),
    ("figures", "Figures", _plain(page_sections.figures)),
    ("grids", "Other tables", _plain(page_tables.grids)),
    ("checks", "All checks", _plain(page_sections.checks)),
    ("reproduce", "How to reproduce", lambda _, __: {}),
)


def render(report: Report, measured: Measured = NOTHING) -> str:
    """The page as text. Everything of the report is escaped by the template."""
    sections = [(name, title, shape(report, measured)) for name, title, shape in SECTIONS]
    template = environment().get_template("page.html.j2")
    return template.render(report=report, head=head(report), sections=sections, style=style())
