"""A report as JUnit XML, for whatever collects test results.

JUnit has no word for unknown, and what is left out of its four outcomes reads as passed: so unknown is an ``error`` of
type ``unknown``. Waived, not-applicable and not-run are ``skipped`` of that type. Checks that were not selected are
left out, as pytest's own file does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from reports.build import first_line
from reports.models import CheckResult, Report, Verdict

NOT_SELECTED = "not selected"
#: What XML 1.0 cannot hold, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAGS = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error", Verdict.PASS: ""}
COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def selected(report: Report) -> list[CheckResult]:
    """The checks that the run was asked for."""
    return [check for check in report.checks if not (check.verdict is Verdict.NOT_RUN and check.reason == NOT_SELECTED)]


def render(report: Report) -> str:
    """The file's text."""
    checks = selected(report)
    attributes = {"name": "conformance", "timestamp": report.run.started.isoformat()}
    root = ET.Element("testsuites", attributes | _totals(checks))
    files: dict[str, list[CheckResult]] = {}
    for check in checks:
        files.setdefault(check.id.partition("::")[0], []).append(check)
    for file, members in files.items():
        suite = ET.SubElement(root, "testsuite", {"name": file} | _totals(members))
        _properties(suite, {"run": report.run.id, "stack": report.stack.kind, "commit": report.run.commit or "unknown"})
        for check in members:
            _case(suite, check)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, check: CheckResult) -> None:
    file, _, name = check.id.partition("::")
    classname = file.removesuffix(".py").replace("/", ".")
    case = ET.SubElement(suite, "testcase", classname=clean(classname), name=clean(name), time=f"{check.seconds:.3f}")
    _properties(case, {"verdict": check.verdict, "requirement": ",".join(check.requirements)})
    tag = TAGS.get(check.verdict, "skipped")
    if tag:
        message = clean(first_line(check.reason) or check.purpose)
        ET.SubElement(case, tag, type=check.verdict, message=message).text = clean(check.reason)
    if check.evidence:
        ET.SubElement(case, "system-out").text = "\n".join(
            f"[[ATTACHMENT|{clean(one.path)}]]" for one in check.evidence
        )


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    group = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(group, "property", name=name, value=clean(value))


def _totals(checks: Sequence[CheckResult]) -> dict[str, str]:
    tags = Counter(TAGS.get(check.verdict, "skipped") for check in checks)
    seconds = sum(check.seconds for check in checks)
    return {
        "tests": str(len(checks)),
        **{name: str(tags[tag]) for name, tag in COUNTS.items()},
        "time": f"{seconds:.3f}",
    }


def clean(text: str) -> str:
    """Text without the characters that no XML can hold."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
