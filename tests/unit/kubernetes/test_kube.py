"""The client of the Kubernetes API: what it asks, what it makes of the answers, and how it says what went wrong."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from fixtures.clients.kube import Kube, connect
from fixtures.clients.kube_errors import Conflict, Forbidden, KubeError, NotFound, Unreachable
from fixtures.clients.kube_names import ResourceName, pod_name
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import Grant
from tests.unit.kubernetes.samples import NAMESPACE, deployment, pod, secret, write_kubeconfig

RELAY = ResourceName(api_version="apps/v1", kind="Deployment", name="relay", namespace=NAMESPACE)
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": NAMESPACE}, "data": {"a": "1"}}
MAP_NAME = ResourceName(api_version="v1", kind="ConfigMap", name="m", namespace=NAMESPACE)


def test_what_is_there_is_read_and_what_is_not_is_none(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(deployment("relay", {"app": "relay"}))
    assert kube.version == "1.34.4"
    assert kube.get(RELAY)["spec"]["replicas"] == 1
    assert kube.find(ResourceName(api_version="apps/v1", kind="Deployment", name="x", namespace=NAMESPACE)) is None
    with pytest.raises(NotFound, match=r'cannot get Deployment sentry-system/x: deployments "x" not found'):
        kube.get(ResourceName(api_version="apps/v1", kind="Deployment", name="x", namespace=NAMESPACE))


def test_a_kind_that_the_cluster_does_not_know_is_no_resource(kube: Kube) -> None:
    assert kube.serves("apps/v1", "Deployment")
    assert not kube.serves("cache.cs.sap.com/v1alpha1", "Valkey")
    with pytest.raises(NotFound, match=r"knows no Valkey of cache.cs.sap.com/v1alpha1"):
        kube.list_of("cache.cs.sap.com/v1alpha1", "Valkey")


def test_a_list_has_every_page_and_carries_its_kind(cluster: FakeCluster, kube: Kube) -> None:
    cluster.page = 2
    cluster.put(*(pod(f"p{number}", {"app": "a" if number < 4 else "b"}) for number in range(5)))
    found = kube.pods(NAMESPACE, {"app": "a"})
    assert [one["metadata"]["name"] for one in found] == ["p0", "p1", "p2", "p3"]
    assert {(one["apiVersion"], one["kind"]) for one in found} == {("v1", "Pod")}
    assert len([path for _, path, _ in cluster.requests if path.endswith("/pods")]) == 2


def test_changes_are_made_and_undone(cluster: FakeCluster, kube: Kube) -> None:
    assert kube.apply(MAP, dry_run=True)["data"] == {"a": "1"}
    assert kube.find(MAP_NAME) is None
    kube.apply(MAP)
    kube.patch(MAP_NAME, {"data": {"a": None, "b": "2"}})
    assert kube.get(MAP_NAME)["data"] == {"b": "2"}
    with pytest.raises(Conflict, match="already exists"):
        kube.create(MAP)
    assert kube.delete(MAP_NAME)
    assert not kube.delete(MAP_NAME)
    assert {query.get("fieldManager") for method, _, query in cluster.requests if method == "PATCH"} == {
        "sentry-conformance"
    }


def test_a_secret_is_decoded(cluster: FakeCluster, kube: Kube) -> None:
    cluster.put(secret("s", tls_crt="YWJj"), secret("broken", a="%"))
    assert kube.secret(NAMESPACE, "s") == {"tls.crt": b"abc"}
    with pytest.raises(KubeError, match="sentry-system/broken holds no base64"):
        kube.secret(NAMESPACE, "broken")


def test_logs_events_and_usage_are_read(cluster: FakeCluster, kube: Kube) -> None:
    cluster.log = "one\ntwo\n"
    cluster.summaries["n"] = {"pods": []}
    about = {"kind": "Pod", "name": "p"}
    for name, when in (("late", "2026-11-24T12:00:02Z"), ("early", "2026-11-24T12:00:01Z")):
        cluster.put(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "involvedObject": about if name == "late" else {"kind": "Pod", "name": "other"},
                "lastTimestamp": when,
            }
        )
    assert kube.logs(NAMESPACE, "p", container="c", lines=7) == "one\ntwo\n"
    assert cluster.requests[-1][2] == {"container": "c", "tailLines": "7"}
    assert [one["metadata"]["name"] for one in kube.events(NAMESPACE)] == ["early", "late"]
    assert [one["metadata"]["name"] for one in kube.events(NAMESPACE, pod_name(NAMESPACE, "p"))] == ["late"]
    assert kube.node_summary("n") == {"pods": []}


def test_a_missing_permission_is_named_with_where_the_role_is(cluster: FakeCluster, kube: Kube) -> None:
    cluster.grants = [Grant(namespace="", rule={"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]})]
    assert kube.pods(NAMESPACE) == []
    with pytest.raises(Forbidden) as refusal:
        kube.get(RELAY)
    assert str(refusal.value).startswith(
        "cannot get Deployment sentry-system/relay: the user suite may not get deployments of apps in namespace "
        "sentry-system; where: http://localhost:"
    )
    assert "next: bind the Role of manifests/access to this user" in str(refusal.value)
    assert (kube.may("list", "pods"), kube.may("get", "pods/log", namespace=NAMESPACE)) == (True, False)


def test_a_command_tells_its_exit_code_and_both_outputs(cluster: FakeCluster, kube: Kube) -> None:
    causes = [{"reason": "ExitCode", "message": "3"}]
    cluster.executed = (
        b"x" * 300,
        b"some words",
        {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}},
    )
    done = kube.execute(NAMESPACE, "p", ["sh", "-c", "exit 3"], container="c")
    assert (done.exit_code, done.stdout, done.stderr) == (3, "x" * 300, "some words")
    cluster.executed = (b"fine\n", b"", {"status": "Success"})
    assert kube.execute(NAMESPACE, "p", ["true"]).stdout == "fine\n"


def test_a_command_that_cannot_run_is_an_error(cluster: FakeCluster, kube: Kube) -> None:
    cluster.executed = (b"", b"", {"status": "Failure", "message": "container not found", "code": 500})
    with pytest.raises(KubeError, match="cannot run true in pod sentry-system/p: container not found") as refusal:
        kube.execute(NAMESPACE, "p", ["true"])
    assert refusal.value.status == 500
    cluster.grants = []
    with pytest.raises(Forbidden, match="the user suite may not get pods/exec in namespace sentry-system"):
        kube.execute(NAMESPACE, "p", ["true"])


def test_a_cluster_that_is_not_there_is_told_with_its_address(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://localhost:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable, match="cannot connect: no answer.*" + re.escape(nobody)):
            connect(write_kubeconfig(tmp_path / "nobody", nobody))


def test_credentials_that_are_refused_are_told(cluster: FakeCluster, server: str, tmp_path: Path) -> None:
    cluster.token = "right-token"
    with pytest.raises(KubeError, match="does not accept the kubeconfig's credentials") as refusal:
        connect(write_kubeconfig(tmp_path / "k", server, user={"token": "wrong-token"}))
    assert refusal.value.status == 401
    assert "wrong-token" not in str(refusal.value)
    accepted = connect(write_kubeconfig(tmp_path / "k", server, user={"token": "right-token"}))
    assert accepted.version == "1.34.4"
    accepted.close()
