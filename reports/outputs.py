"""All files that a report becomes, beside it in the run's folder: one call, and each file in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reports import ctrf, evidence_pages, html, junit, markdown, measured
from reports.files import store
from reports.models import Report
from reports.reading import seal

#: Name of the file, and what makes its text.
RENDERED: Mapping[str, Callable[[Report], str]] = {
    "junit.xml": junit.render,
    "ctrf.json": ctrf.render,
    "summary.md": markdown.render,
}


def with_pages(report: Report) -> Report:
    """The report with the place of an index page for each check that failed or is unknown, sealed anew."""
    checks = [check.model_copy(update={"page": evidence_pages.place(check)}) for check in report.checks]
    return seal(report.model_copy(update={"checks": checks}))


def write(report: Report, folder: Path) -> list[Path]:
    """Write every form of the report but ``report.json`` itself; return what was written."""
    written = [folder / "report.html"]
    store(written[0], html.render(report, measured.beside(folder)))
    for name, render in RENDERED.items():
        store(folder / name, render(report))
        written.append(folder / name)
    return written + evidence_pages.write(report, folder)
