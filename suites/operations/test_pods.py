"""Pods run without a break, are asked whether they are well, and are not the first to be evicted."""

from __future__ import annotations

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import Judge
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import health
from fixtures.kubernetes.judgement import metadata_of, status_of
from fixtures.lint.model import Rendered
from fixtures.lint.rules import budget, secrecy

COLUMNS = ("pod", "phase", "started", "class")


@pytest.fixture
def pods(platform: Platform) -> Rendered:
    """Pods of the platform and of its door, with the Jobs that some belong to."""
    return platform.live("Pod", "Job", namespaces=platform.around)


@pytest.mark.requirement("OPS-009")
def test_every_pod_runs(pods: Rendered, judge_live: Judge, record: Recorder) -> None:
    """Every pod runs and is ready, or has run to its end."""
    told = [(metadata_of(one)["name"], status_of(one)) for one in pods.of("Pod")]
    rows = [(name, status.get("phase"), status.get("startTime"), status.get("qosClass")) for name, status in told]
    record.grid("pods", COLUMNS, rows)
    judge_live(health.pods_run, pods)


@pytest.mark.requirement("OPS-009")
def test_no_container_has_come_back(platform: Platform, judge_live: Judge) -> None:
    """No container of the platform, its operators and what it stands on has ended by its own fault within a day."""
    judge_live(health.no_restarts, platform.live("Pod", namespaces=platform.everywhere))


@pytest.mark.requirement("OPS-009")
def test_no_container_was_killed_for_memory(platform: Platform, judge_live: Judge) -> None:
    """No container was killed because it used more memory than its limit."""
    judge_live(health.no_memory_kills, platform.live("Pod", namespaces=platform.everywhere))


@pytest.mark.requirement("OPS-012")
def test_every_listener_is_probed(pods: Rendered, judge_live: Judge) -> None:
    """Every container that listens is asked whether it is ready and whether it lives."""
    judge_live(health.probed, pods)


@pytest.mark.requirement("OPS-012")
def test_every_container_has_requests_and_limits(pods: Rendered, judge_live: Judge) -> None:
    """Every container asks for CPU and memory and has a limit of memory above what it asks for."""
    judge_live(budget.requests_and_limits, pods)


@pytest.mark.requirement("OPS-012")
def test_no_pod_is_evicted_first(pods: Rendered, judge_live: Judge) -> None:
    """No pod is of the class BestEffort."""
    judge_live(health.never_best_effort, pods)


@pytest.mark.requirement("GIT-004")
def test_no_variable_of_a_pod_holds_a_secret(pods: Rendered, judge_live: Judge) -> None:
    """No environment variable of a running pod has its secret as a literal."""
    judge_live(secrecy.no_literal_passwords, pods)
