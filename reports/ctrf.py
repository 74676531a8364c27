"""A report in the Common Test Report Format (ctrf.io, specification 0.0.0): JSON that CI plug-ins read.

The format knows passed, failed, skipped, pending and other, and its readers stop a pipeline for ``failed`` alone: so
unknown is ``failed``, and ``rawStatus`` has the verdict. Waived and not-applicable are ``skipped``, not-run is
``pending``. Durations and moments are milliseconds.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reports.build import first_line
from reports.junit import selected
from reports.models import CheckResult, Report, Verdict

SPECIFICATION = "0.0.0"
STATUS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.UNKNOWN: "failed",
    Verdict.WAIVED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_RUN: "pending",
}
TYPES = {".txt": "text/plain", ".json": "application/json", ".png": "image/png", ".html": "text/html"}
TRACE_CHARACTERS = 20_000


def render(report: Report) -> str:
    """The file's text."""
    return json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as the format wants it."""
    tests = [_test(check) for check in selected(report)]
    counted = Counter(str(test["status"]) for test in tests)
    start = int(report.run.started.timestamp() * 1000)
    took = int(report.run.seconds * 1000)
    counts = {status: counted[status] for status in ("passed", "failed", "skipped", "pending", "other")}
    environment = {
        "reportName": report.run.id,
        "testEnvironment": report.stack.kind,
        "healthy": report.run.finished and report.run.exit_code == 0,
        **({"commit": report.run.commit} if report.run.commit else {}),
        "extra": {part.name: part.version for part in report.stack.components},
    }
    return {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "timestamp": report.run.started.isoformat(),
        "generatedBy": "sentry-conformance",
        "results": {
            "tool": {"name": "sentry-conformance"},
            "summary": {"tests": len(tests), **counts, "start": start, "stop": start + took, "duration": took},
            "tests": tests,
            "environment": environment,
        },
    }


def _test(check: CheckResult) -> dict[str, Any]:
    file, _, name = check.id.partition("::")
    test: dict[str, Any] = {
        "name": name or file,
        "status": STATUS[check.verdict],
        "duration": int(check.seconds * 1000),
        "suite": file.removesuffix(".py").split("/"),
        "rawStatus": check.verdict,
        "tags": check.requirements,
        "filePath": file,
        "extra": {"purpose": check.purpose},
    }
    if check.reason:
        test |= {"message": first_line(check.reason), "trace": check.reason[:TRACE_CHARACTERS]}
    if check.evidence:
        test["attachments"] = [
            {
                "name": one.name,
                "contentType": TYPES.get(one.path[one.path.rfind(".") :], "text/plain"),
                "path": one.path,
            }
            for one in check.evidence
        ]
    return test
