"""What a check makes in a cluster carries its mark and goes again; Jobs of CronJobs run to their end."""

from __future__ import annotations

import contextlib

import pytest

from fixtures.clients.kube import Document, Kube
from fixtures.cluster import jobs, making
from fixtures.kubernetes import waits
from fixtures.waiting import WaitAborted
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, pod

MARK = {"conformance.sentry/made-by": "suite"}
CRON_JOB: Document = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "sentry-cleanup", "namespace": NAMESPACE},
    "spec": {
        "schedule": "0 0 * * *",
        "jobTemplate": {
            "metadata": {"labels": {"app": "cleanup"}},
            "spec": {"template": {"metadata": {"labels": {"app": "cleanup"}}, "spec": {"containers": []}}},
        },
    },
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)


def test_what_is_made_is_marked_with_the_pods_it_brings() -> None:
    made = making.marked(jobs.job_of(CRON_JOB))
    assert made["metadata"]["labels"] == {"app": "cleanup", **MARK}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "cleanup", **MARK}
    assert "labels" not in CRON_JOB["metadata"]


def test_what_is_made_goes_again_also_after_an_error(kube: Kube, cluster: FakeCluster) -> None:
    with contextlib.suppress(ZeroDivisionError), making.made(kube, pod("probe")) as name:
        assert kube.get(name)["metadata"]["labels"] == MARK
        raise ZeroDivisionError
    assert cluster.documents == {}


def test_only_what_is_old_and_marked_is_cleared(kube: Kube, cluster: FakeCluster) -> None:
    old, young = "2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    cluster.put(
        pod("left", MARK, creationTimestamp=old),
        pod("other-run", MARK, creationTimestamp=young),
        pod("web", {"app": "web"}, creationTimestamp=old),
    )
    assert [one.name for one in making.clear(kube, NAMESPACE)] == ["left"]
    assert sorted(name for *_, name in cluster.documents) == ["other-run", "web"]


def test_a_cron_job_runs_once_and_leaves_nothing(kube: Kube, cluster: FakeCluster) -> None:
    seen = []

    def complete(changed: Document) -> None:
        if changed["kind"] == "Job" and "deleted" not in changed:
            seen.append(changed["metadata"]["name"])
            changed["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}

    cluster.after_change = complete
    assert set(jobs.run_once(kube, [CRON_JOB], timeout=5)) == {"sentry-cleanup"}
    assert seen == ["sentry-cleanup-suite-1"]
    assert cluster.documents == {}


def test_a_job_that_fails_ends_the_wait_and_goes(kube: Kube, cluster: FakeCluster) -> None:
    def fail(changed: Document) -> None:
        changed["status"] = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}

    cluster.after_change = fail
    with pytest.raises(WaitAborted, match="BackoffLimitExceeded"):
        jobs.run_once(kube, [CRON_JOB], timeout=5)
    assert cluster.documents == {}
