"""Waiting ends when all is ready, early where it is pointless, and at the deadline with what was seen last."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.clients.kube import Kube
from fixtures.clients.kube_names import ResourceName, matches, name_of
from fixtures.kubernetes import waits
from fixtures.kubernetes.judgement import Judgement
from fixtures.waiting import WaitAborted, WaitTimeout
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, deployment, pod

RELAY = ResourceName(api_version="apps/v1", kind="Deployment", name="relay", namespace=NAMESPACE)
KAFKA = ResourceName(api_version="apps/v1", kind="StatefulSet", name="kafka", namespace=NAMESPACE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)


def _unready(name: str, kind: str = "Deployment") -> dict[str, Any]:
    document = deployment(name, {"app": name}, kind=kind)
    document["status"].update(availableReplicas=0, readyReplicas=0)
    return document


def _pulling(name: str) -> dict[str, Any]:
    made = pod(f"{name}-1", {"app": name})
    waiting = {"reason": "ImagePullBackOff", "message": "no such host"}
    made["status"] = {
        "phase": "Pending",
        "containerStatuses": [{"name": "c", "restartCount": 0, "state": {"waiting": waiting}}],
    }
    return made


def test_what_is_ready_is_returned_and_every_look_is_told(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(deployment("relay", {"app": "relay"}), _unready("kafka", "StatefulSet"))
    looks: list[dict[ResourceName, Judgement]] = []

    def on_state(seen: Any) -> None:  # noqa: ANN401 - the mapping that the wait hands out
        looks.append(dict(seen))
        if len(looks) == 3:
            cluster.put(deployment("kafka", {"app": "kafka"}, kind="StatefulSet"))

    found = waits.await_ready(kube, [RELAY, KAFKA], timeout=10, on_state=on_state)
    assert {name_of(one) for one in found.values()} == {RELAY, KAFKA}
    assert [look[KAFKA].reason for look in looks] == ["0 of 1 ready"] * 3 + ["1 ready"]


def test_all_must_be_ready_at_the_same_time(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(deployment("relay", {"app": "relay"}), _unready("kafka", "StatefulSet"))

    def on_state(_: object) -> None:
        cluster.put(deployment("kafka", {"app": "kafka"}, kind="StatefulSet"), _unready("relay"))

    with pytest.raises(WaitTimeout, match="Deployment sentry-system/relay: 0 of 1 available"):
        waits.await_ready(kube, [RELAY, KAFKA], timeout=0.5, on_state=on_state)


def test_the_deadline_names_what_was_seen_last(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(_unready("relay"))
    with pytest.raises(WaitTimeout) as late:
        waits.await_ready(kube, [RELAY, KAFKA], timeout=0.2)
    assert "waited 0.2 s for 2 resources to be ready; last seen: 0 of 2 ready; " in str(late.value)
    assert "Deployment sentry-system/relay: 0 of 1 available" in str(late.value)
    assert "StatefulSet sentry-system/kafka: it is not there" in str(late.value)


def test_an_image_that_cannot_be_pulled_ends_the_wait_once_it_lasts(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(_unready("relay"), _pulling("relay"))
    with pytest.raises(
        WaitAborted, match=r"is stuck for .* s: pod relay-1: container c: ImagePullBackOff: no such host"
    ):
        waits.await_ready(kube, [RELAY], timeout=30, patience=0.1)


def test_what_was_stuck_for_a_moment_may_still_come(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(_unready("relay"), _pulling("relay"))
    looks: list[object] = []

    def on_state(seen: object) -> None:
        looks.append(seen)
        if len(looks) == 5:
            cluster.put(deployment("relay", {"app": "relay"}))

    assert waits.await_ready(kube, [RELAY], timeout=30, patience=10, on_state=on_state)
    assert len(looks) == 6


def test_a_job_that_failed_ends_the_wait_at_once(cluster: FakeCluster, kube: Kube) -> None:
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "no"}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "init", "namespace": NAMESPACE}}
    cluster.put({**job, "status": {"conditions": [condition]}})
    name = ResourceName(api_version="batch/v1", kind="Job", name="init", namespace=NAMESPACE)
    with pytest.raises(WaitAborted, match="Job sentry-system/init failed: BackoffLimitExceeded: no"):
        waits.await_ready(kube, [name], timeout=30, patience=30)


def test_a_quota_that_is_used_up_is_found_in_the_events(cluster: FakeCluster, kube: Kube) -> None:
    def event(name: str, reason: str, when: str) -> dict[str, Any]:
        about = {"kind": "StatefulSet", "name": "kafka"}
        metadata = {"name": name, "namespace": NAMESPACE}
        text = 'pods "kafka-0" is forbidden: exceeded quota'
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": metadata,
            "reason": reason,
            "involvedObject": about,
            "message": text,
            "lastTimestamp": when,
        }

    cluster.put(_unready("kafka", "StatefulSet"), event("a", "FailedCreate", "2026-11-24T12:00:01Z"))
    with pytest.raises(WaitAborted, match="exceeded quota"):
        waits.await_ready(kube, [KAFKA], timeout=30, patience=0.1)
    cluster.put(event("b", "SuccessfulCreate", "2026-11-24T12:00:02Z"))
    with pytest.raises(WaitTimeout, match="0 of 1 ready"):
        waits.await_ready(kube, [KAFKA], timeout=0.3, patience=0.1)


def test_pods_that_must_go_are_waited_for(cluster: FakeCluster, kube: Kube) -> None:
    left = pod("relay-1", {"app": "relay"})
    cluster.put(left)
    with pytest.raises(WaitTimeout, match="the pods app=relay to go; last seen: there are still relay-1"):
        waits.await_gone(kube, NAMESPACE, {"app": "relay"}, timeout=0.1)
    cluster.remove(left)
    waits.await_gone(kube, NAMESPACE, "app=relay", timeout=0.1)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, "a in (1,2)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, "a notin (1)"),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}]},
            "a,!b",
        ),
        (None, ""),
    ],
)
def test_a_workloads_selector_becomes_text(wanted: Any, text: str) -> None:  # noqa: ANN401 - a LabelSelector
    assert waits.selector_of(wanted) == text


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        ("", True),
        ("app=sentry", True),
        ("app==sentry, role in (web, worker)", True),
        ("role notin (web)", False),
        ("other notin (web)", True),
        ("!other,role", True),
        ("!role", False),
        ("app!=sentry", False),
        ("app=sentry,role=worker", False),
        ("conformance.sentry/component=kafka", False),
    ],
)
def test_a_selector_is_judged_as_the_server_would(wanted: str, answer: bool) -> None:
    assert matches(wanted, {"app": "sentry", "role": "web"}) is answer


def test_what_is_no_selector_is_refused() -> None:
    with pytest.raises(ValueError, match="'a b' is no label selector"):
        matches("a b", {"a": "1"})
