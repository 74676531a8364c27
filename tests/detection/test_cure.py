"""Checks that are waived or fail on every stack of today pass once Sentry looks at what a provider says.

Without this nobody would know whether they can pass at all. It is tried with ``--all-faults``.
"""

from __future__ import annotations

import pytest

from reports.models import Verdict
from tests.detection import cure, runner
from tests.detection.fault import SUITES
from tests.detection.workshop import Workshop

CHECKS = f"{SUITES}oidc/test_hostile.py"


def test_a_sentry_that_looks_falls_for_no_lie(workshop: Workshop, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--all-faults"):
        pytest.skip("it takes a minute, as a fault does: --all-faults")
    try:
        workshop.patch_sentry(cure.MODULE, cure.CODE, "sentry-web")
        report = runner.run_checks(workshop.root, [CHECKS])
    finally:
        workshop.heal()
    runner.require_whole(workshop)
    ran = [check for check in report.checks if check.id.startswith(CHECKS) and check.verdict is not Verdict.NOT_RUN]
    assert len(ran) > 30
    assert not {check.id: check.reason for check in ran if check.verdict is not Verdict.PASS}
