"""Checks of a cluster notice what is broken in a real one, and nothing else cries."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.clients.kube import Kube
from fixtures.kind.site import ClusterSite
from reports.models import Verdict
from tests.kind import judging
from tests.kind.faults import FAULTS, ClusterFault, looking_away


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_the_named_checks_notice(fault: ClusterFault, kept: ClusterSite, admin: Kube, tmp_path: Path) -> None:
    checks = [f"suites/{name}" for name in (*fault.must_fail, *fault.must_pass)]
    with looking_away(admin), fault.broken(admin):
        target = kept.folder / "target.yaml"
        _, report = judging.run(target, tmp_path, "--allow-changes", checks=checks, limits=fault.limits)
    assert report.run.ended_by == ""
    found = {check.id: (check.verdict, check.reason) for check in report.checks}
    noticed = {name: found[f"suites/{name}"] for name in fault.must_fail}
    assert {name for name, (verdict, _) in noticed.items() if verdict is not Verdict.FAIL} == set(), noticed
    calm = {name: found[f"suites/{name}"] for name in fault.must_pass}
    assert {name for name, (verdict, _) in calm.items() if verdict is not Verdict.PASS} == set(), calm
