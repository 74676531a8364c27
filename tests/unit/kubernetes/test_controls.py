"""Servers of a platform are stopped, killed, frozen and brought back as they were; a killed run can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import pki
from fixtures.clients.kube import Kube
from fixtures.clients.kube_names import ResourceName
from fixtures.errors import BadInput, SetupFailed
from fixtures.kubernetes import waits
from fixtures.kubernetes.controls import KubernetesControls
from fixtures.kubernetes.stack import open_stack
from fixtures.stack import Capability
from tests.unit.kubernetes import platform
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, deployment, owner

SERVERS = {
    "sentry-postgres": "postgres",
    "sentry-clickhouse": "clickhouse",
    "sentry-relay": "relay",
    "snuba-api": "snuba",
    "snuba-consumer": "snuba",
    "web": "sentry-web",
}


class Runtime:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def pause(self, node: str, container_id: str) -> None:
        self.told.append(("pause", node, container_id))

    def resume(self, node: str, container_id: str) -> None:
        self.told.append(("resume", node, container_id))

    def kill(self, node: str, container_id: str) -> None:
        self.told.append(("kill", node, container_id))


@pytest.fixture
def small(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)
    client = pki.issue(tmp_path / "client", authority=pki.foreign_authority(), common_name="suite").folder
    platform.fill(cluster, client)
    return cluster


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def controls(small: FakeCluster, kube: Kube, kubeconfig: Path, runtime: Runtime) -> KubernetesControls:
    assert small.documents
    return KubernetesControls(kube, platform.target(kubeconfig), runtime)


def _name(name: str, kind: str = "Deployment") -> ResourceName:
    return ResourceName(api_version="apps/v1", kind=kind, name=name, namespace=NAMESPACE)


CLUSTER = ResourceName(api_version="postgresql.cnpg.io/v1", kind="Cluster", name="sentry-postgres", namespace=NAMESPACE)


def test_servers_are_the_workloads_that_no_operator_owns(small: FakeCluster, controls: KubernetesControls) -> None:
    owned = deployment("owned", {"conformance.sentry/component": "clickhouse"}, kind="StatefulSet")
    owned["metadata"]["ownerReferences"] = owner(platform.KAFKA)
    small.put(owned, deployment("kafka-exporter", {"strimzi.io/cluster": "sentry-kafka"}))
    assert controls.servers() == SERVERS


def test_stop_remembers_how_many_there_were_and_start_brings_them_back(
    small: FakeCluster, kube: Kube, controls: KubernetesControls
) -> None:
    small.put(deployment("sentry-relay", {"conformance.sentry/component": "relay", "app": "sentry-relay"}, replicas=3))
    controls.stop("sentry-relay")
    stopped = kube.get(_name("sentry-relay"))
    assert (stopped["spec"]["replicas"], stopped["metadata"]["annotations"]) == (
        0,
        {"conformance.sentry/replicas": "3"},
    )
    assert kube.pods(NAMESPACE, {"app": "sentry-relay"}) == []
    assert controls.left_stopped() == ["sentry-relay"]
    controls.stop("sentry-relay")
    controls.start("sentry-relay")
    started = kube.get(_name("sentry-relay"))
    assert (started["spec"]["replicas"], started["metadata"]["annotations"]) == (3, {})
    assert controls.left_stopped() == []


def test_start_of_what_runs_only_waits(small: FakeCluster, controls: KubernetesControls) -> None:
    controls.start("sentry-relay")
    assert [one for one in small.asked() if one.verb == "patch"] == []


def test_what_somebody_else_stopped_is_left_alone(small: FakeCluster, controls: KubernetesControls) -> None:
    small.put(deployment("sentry-relay", {"conformance.sentry/component": "relay"}, replicas=0))
    with pytest.raises(BadInput, match="sentry-relay is scaled to 0 already, and not by this suite"):
        controls.stop("sentry-relay")
    assert controls.left_stopped() == []


def test_kill_ends_the_processes_before_it_scales(
    small: FakeCluster, kube: Kube, controls: KubernetesControls, runtime: Runtime
) -> None:
    small.after_change = lambda _: None  # nobody but the kill removes the pod
    controls.kill("snuba-consumer")
    assert runtime.told == [("kill", "node-1", "id-snuba-consumer")]
    assert [str(one) for one in small.asked() if one.verb in ("patch", "delete")] == [
        "patch deployments.apps snuba-consumer in sentry-system",
        "delete pods snuba-consumer in sentry-system",
    ]
    assert kube.pods(NAMESPACE, {"app": "snuba-consumer"}) == []
    assert controls.left_stopped() == ["snuba-consumer"]


def test_postgres_is_hibernated(small: FakeCluster, kube: Kube, controls: KubernetesControls) -> None:
    controls.stop("sentry-postgres")
    annotations = kube.get(CLUSTER)["metadata"]["annotations"]
    assert annotations == {"cnpg.io/hibernation": "on", "conformance.sentry/replicas": "1"}
    assert kube.pods(NAMESPACE, {"cnpg.io/cluster": "sentry-postgres"}) == []
    controls.start("sentry-postgres")
    assert kube.get(CLUSTER)["metadata"]["annotations"] == {}
    assert small.documents["", "pods", NAMESPACE, "sentry-postgres-1"]


def test_what_a_killed_run_left_stopped_is_brought_back(kube: Kube, controls: KubernetesControls) -> None:
    controls.stop("web")
    controls.stop("sentry-postgres")
    assert sorted(controls.restore()) == ["sentry-postgres", "web"]
    assert kube.get(_name("web"))["spec"]["replicas"] == 1
    assert controls.restore() == []


def test_pause_and_resume_go_to_the_nodes_runtime(controls: KubernetesControls, runtime: Runtime) -> None:
    controls.pause("sentry-clickhouse")
    controls.resume("sentry-clickhouse")
    assert runtime.told == [
        ("pause", "node-1", "id-sentry-clickhouse"),
        ("resume", "node-1", "id-sentry-clickhouse"),
    ]


def test_without_a_runtime_there_is_no_pause(small: FakeCluster, kube: Kube, kubeconfig: Path, tmp_path: Path) -> None:
    target = platform.target(kubeconfig)
    with pytest.raises(SetupFailed, match="cannot pause"):
        KubernetesControls(kube, target).pause("web")
    stack = open_stack(target, links=(), allow_changes=True, base=tmp_path / "private")
    assert Capability.CONTROLS in stack.capabilities
    assert Capability.PAUSE not in stack.capabilities
    assert "runtime" in stack.limitation(Capability.PAUSE)
    stack.close()
    assert small.refused == []


def test_the_log_has_a_heading_for_each_container(small: FakeCluster, controls: KubernetesControls) -> None:
    small.log = "a line\n"
    assert controls.log("web", 5) == "== web web\na line\n"
    assert small.requests[-1][2] == {"container": "web", "tailLines": "5"}


def test_an_unknown_server_is_refused_with_those_there_are(controls: KubernetesControls) -> None:
    with pytest.raises(BadInput, match="there is no server 'kafka' to control; next: use one of sentry-clickhouse, "):
        controls.stop("kafka")
