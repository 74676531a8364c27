"""What runs by the clock completes when it is run, so that nobody finds out at night."""

from __future__ import annotations

import pytest

from fixtures.cluster import jobs
from fixtures.cluster.platform import Platform
from fixtures.evidence import Recorder
from fixtures.kubernetes.judgement import metadata_of
from fixtures.stack import Capability, Stack
from fixtures.timeouts import LIMITS
from fixtures.verdicts import not_applicable, require


@pytest.mark.requirement("OPS-011")
def test_every_cron_job_completes(stack: Stack, platform: Platform, record: Recorder) -> None:
    """Every CronJob of the platform, run once on demand, completes in time."""
    require(stack, Capability.CHANGES)
    found = list(platform.documents("CronJob"))
    if not found:
        not_applicable("the platform runs nothing by the clock")
    seconds = jobs.run_once(platform.kube, found, timeout=LIMITS.cron_job)
    record.grid("runs", ("CronJob", "seconds"), sorted((name, round(spent, 1)) for name, spent in seconds.items()))
    assert set(seconds) == {metadata_of(one)["name"] for one in found}
