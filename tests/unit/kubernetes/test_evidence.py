"""Evidence of a cluster: what was there, how it stood, what it said; without secrets, and whatever cannot be read."""

from __future__ import annotations

import pytest

from fixtures.clients.kube import Kube
from fixtures.kubernetes import evidence
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import Grant
from tests.unit.kubernetes.samples import NAMESPACE, deployment, pod

PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}


@pytest.fixture
def written() -> dict[str, str]:
    return {}


def _collect(kube: Kube, written: dict[str, str]) -> int:
    def write(name: str, text: str) -> int:
        written[name] = text
        return len(text)

    return evidence.collect(kube, [NAMESPACE], write)


def test_everything_is_there_once(cluster: FakeCluster, kube: Kube, written: dict[str, str]) -> None:
    crashed = pod("relay-1", {"app": "relay"})
    crashed["status"]["containerStatuses"][0]["restartCount"] = 2
    crashed["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    about = {"kind": "Pod", "name": "relay-1"}
    cluster.put(
        crashed,
        deployment("relay", {"app": "relay"}, replicas=0),
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "e", "namespace": NAMESPACE},
            "involvedObject": about,
            "lastTimestamp": "2026-11-24T12:00:01Z",
            "type": "Warning",
            "reason": "BackOff",
            "message": "restarting\nfailed container",
        },
    )
    cluster.log = "a line\n"
    assert _collect(kube, written) == sum(map(len, written.values()))
    folder = f"cluster/{NAMESPACE}"
    assert set(written) == {
        *(f"{folder}/{name}" for name in ("overview.txt", "events.txt", "Pod.yaml", "Deployment.yaml")),
        *(f"{folder}/logs/relay-1.relay-1{end}" for end in (".log", ".previous.log")),
    }
    assert written[f"{folder}/events.txt"] == (
        "2026-11-24T12:00:01Z Warning BackOff Pod/relay-1: restarting failed container\n"
    )
    assert "Deployment               relay" in written[f"{folder}/overview.txt"]
    assert "waiting  it is scaled to 0" in written[f"{folder}/overview.txt"]
    assert "managedFields" not in written[f"{folder}/Pod.yaml"]


def test_secrets_are_neither_read_nor_shown(cluster: FakeCluster, kube: Kube, written: dict[str, str]) -> None:
    shown = pod("web", {})
    shown["spec"]["containers"][0]["env"] = [
        {"name": "DATABASE_PASSWORD", "value": "in-the-open"},
        {"name": "SENTRY_CONF", "value": "/etc/sentry"},
    ]
    cluster.put(shown)
    _collect(kube, written)
    text = written[f"cluster/{NAMESPACE}/Pod.yaml"]
    assert "in-the-open" not in text
    assert "/etc/sentry" in text
    assert not [one for one in cluster.asked() if one.resource in ("secrets", "configmaps")]


def test_what_may_not_be_read_is_a_line_in_its_place(cluster: FakeCluster, kube: Kube, written: dict[str, str]) -> None:
    cluster.put(pod("web", {}))
    cluster.grants = [Grant(namespace="", rule=PODS)]
    _collect(kube, written)
    folder = f"cluster/{NAMESPACE}"
    assert "may not list deployments" in written[f"{folder}/overview.txt"]
    assert "may not list events" in written[f"{folder}/events.txt"]
    assert "may not get pods/log" in written[f"{folder}/logs/web.web.log"]
    assert "kind: Pod" in written[f"{folder}/Pod.yaml"]
