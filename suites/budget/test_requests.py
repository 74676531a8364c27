"""What the platform asks for in the cluster stays within the table of the ADR, and on its one node."""

from __future__ import annotations

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import Judge
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import live, usage
from fixtures.lint.model import Rendered
from fixtures.lint.rules import budget

TABLE = ("row", "CPU", "memory", "volumes")


@pytest.fixture
def lasting(platform: Platform) -> Rendered:
    """Pods that stay, of the platform, its door and what else has a component's label, with their claims."""
    return live.lasting(platform.live("Pod", namespaces=platform.everywhere))


@pytest.mark.requirement("BUD-001")
def test_cpu_requests_stay_within_the_budget(lasting: Rendered, judge_live: Judge, record: Recorder) -> None:
    """CPU requests of running pods stay within 2.7 in all and within each row's share."""
    record.grid("requests and volumes", TABLE, budget.table(lasting))
    judge_live(budget.budget_cpu, lasting)


@pytest.mark.requirement("BUD-002")
def test_memory_requests_stay_within_the_budget(lasting: Rendered, judge_live: Judge) -> None:
    """Memory requests of running pods stay within 6.5 GiB in all and within each row's share."""
    judge_live(budget.budget_memory, lasting)


@pytest.mark.requirement("BUD-003")
def test_volumes_are_those_of_the_record(lasting: Rendered, judge_live: Judge) -> None:
    """The claims of running pods are exactly those of the ADR, by row and in all."""
    judge_live(budget.budget_volumes, lasting)


@pytest.mark.requirement("BUD-003")
def test_every_volume_has_one_user(platform: Platform, judge_live: Judge) -> None:
    """Every claim of the platform is bound to a volume, and used by exactly one pod."""
    judge_live(usage.volumes_bound, platform.live("Pod"))


@pytest.mark.requirement("BUD-001", "BUD-002")
def test_every_component_is_counted(platform: Platform, judge_live: Judge) -> None:
    """Every pod's component is a row of the budget, or named outside of it with the reason."""
    judge_live(budget.counted, live.lasting(platform.live("Pod", namespaces=platform.around)))


@pytest.mark.requirement("BUD-005")
def test_everything_fits_one_node(platform: Platform, judge_live: Judge, record: Recorder) -> None:
    """All pods of the cluster together ask for less than one node of 12 CPU and 128 GB has, and each has a node."""
    looked = live.lasting(platform.everything())
    record.figure("CPU asked for by all pods", float(usage.asked(looked, "cpu")), "cores")
    record.figure("memory asked for by all pods", round(float(usage.asked(looked, "memory")) / 10**9, 2), "GB")
    judge_live(usage.fits_one_node, looked)
