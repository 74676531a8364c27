"""A disturbance leaves the platform calm, an application looks away only for a while, and steadiness is watched."""

from __future__ import annotations

import contextlib

import pytest

from fixtures.clients.kube import Document
from fixtures.clients.kube_names import ResourceName, name_of
from fixtures.cluster import argocd, calm
from fixtures.cluster.platform import Platform
from fixtures.evidence import Recorder
from fixtures.kubernetes import waits
from fixtures.waiting import WaitAborted
from tests.unit.findings.samples import Look
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import deployment, pod

ARGO = ResourceName(api_version="apps/v1", kind="StatefulSet", name="argocd", namespace="argocd")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)
    monkeypatch.setattr(argocd, "INTERVAL", 0.02)


@pytest.fixture
def record() -> Recorder:
    return Recorder(check="check", folder=None)


@pytest.fixture
def managed(platform: Platform, cluster: FakeCluster) -> Platform:
    """With an application that holds the Deployment ``web``."""
    cluster.put(Look.application(), deployment("web", {"app": "web"}), deployment("other", {"app": "other"}))
    platform.access.resources["argocd"] = ARGO  # type: ignore[index]  # a dictionary here
    return platform


def test_what_restarted_meanwhile_is_told_and_replaced(
    platform: Platform, cluster: FakeCluster, record: Recorder
) -> None:
    before, after = pod("web-1"), pod("db-1")
    before["status"]["containerStatuses"][0]["restartCount"] = 4
    cluster.put(before, after, deployment("web", {"app": "web"}))
    with calm.disturbance(platform, record):
        after["status"]["containerStatuses"][0]["restartCount"] = 1
    assert record.grids == [
        {"name": "restarted meanwhile", "columns": ["pod", "container", "restarts"], "rows": [["db-1", "db-1", 1]]}
    ]
    assert sorted(name for *_, name in cluster.documents) == ["web", "web-1"]


def test_a_disturbance_that_heals_without_a_restart_replaces_nothing(
    platform: Platform, cluster: FakeCluster, record: Recorder
) -> None:
    cluster.put(pod("web-1"))
    with calm.disturbance(platform, record):
        pass
    assert [name for *_, name in cluster.documents] == ["web-1"]


def _annotations(platform: Platform) -> Document:
    (application,) = argocd.applications(platform).of("Application")
    found: Document = application["metadata"].get("annotations") or {}
    return found


def test_the_holder_of_a_resource_looks_away_for_a_while(managed: Platform) -> None:
    web = managed.kube.get(name_of(deployment("web", {})))
    with contextlib.suppress(ZeroDivisionError), argocd.left_alone(managed, web):
        assert _annotations(managed) == {argocd.SKIP: "true"}
        raise ZeroDivisionError
    assert _annotations(managed) == {}


def test_what_no_application_holds_is_left_as_it_is(managed: Platform, cluster: FakeCluster) -> None:
    other = managed.kube.get(name_of(deployment("other", {})))
    with argocd.left_alone(managed, other):
        assert _annotations(managed) == {}
    assert [method for method, _, _ in cluster.requests if method == "PATCH"] == []


def test_an_application_out_of_sync_is_unsound(managed: Platform, cluster: FakeCluster) -> None:
    assert argocd.unsound(managed) is None
    broken = Look.application()
    broken["status"]["sync"]["status"] = "OutOfSync"
    cluster.put(broken)
    assert argocd.unsound(managed) == "platform: OutOfSync, Healthy"
    with pytest.raises(WaitAborted, match="platform: OutOfSync"):
        argocd.require_steady("all to be well", lambda: argocd.unsound(managed), seconds=5)


def test_what_holds_long_enough_is_steady() -> None:
    looks: list[int] = []
    argocd.require_steady("it", lambda: looks.append(1), seconds=0.1)
    assert len(looks) > 2


def test_without_argo_cd_there_is_no_application(platform: Platform) -> None:
    assert argocd.applications(platform).documents == ()
    assert argocd.beside_applications(platform, platform.live("Deployment")).documents == ()
