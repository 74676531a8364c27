"""A report as one self-contained page."""

from __future__ import annotations

from html import escape

from reports.models import Report
from reports.terminal import lines


def render(report: Report) -> str:
    """The page as text."""
    body = escape("\n".join(lines(report, "report.json")))
    return f"<!doctype html><meta charset=utf-8><title>{escape(report.run.id)}</title><pre>{body}</pre>\n"
