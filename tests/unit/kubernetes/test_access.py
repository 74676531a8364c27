"""The roles of ``manifests/access`` allow what the suite does, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fixtures import pki
from fixtures.clients.kube import Kube
from fixtures.clients.kube_errors import Forbidden
from fixtures.clients.kube_names import ResourceName, pod_name
from fixtures.kubernetes import conditions, evidence, waits
from fixtures.kubernetes.stack import KubernetesStack, open_stack
from tests.unit.kubernetes import platform
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import Asked, documents, grants
from tests.unit.kubernetes.samples import NAMESPACE

READ, USAGE, CHANGES = ("read",), ("read", "usage"), ("read", "changes")
CA_KEY = ResourceName(api_version="v1", kind="Secret", name="sentry-ca-tls", namespace=NAMESPACE)
WEB = ResourceName(api_version="apps/v1", kind="Deployment", name="web", namespace=NAMESPACE)
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": NAMESPACE}}


@pytest.fixture
def small(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)
    client = pki.issue(tmp_path / "client", authority=pki.foreign_authority(), common_name="suite").folder
    platform.fill(cluster, client)
    return cluster


def _open(small: FakeCluster, kubeconfig: Path, roles: tuple[str, ...], *, changes: bool = False) -> KubernetesStack:
    small.grants = grants(documents(*roles))
    base = kubeconfig.parent / "private"
    return open_stack(platform.target(kubeconfig), links=(), allow_changes=changes, base=base)


def _writes(cluster: FakeCluster) -> list[Asked]:
    return [one for one in cluster.asked() if one.verb not in ("get", "list") and "reviews" not in one.resource]


def test_reading_needs_the_reading_role_only_and_changes_nothing(small: FakeCluster, kubeconfig: Path) -> None:
    before = repr(small.documents)
    with closing(_open(small, kubeconfig, READ)) as stack:
        assert stack.components
        assert stack.kubernetes.resources
        assert stack.kube.logs(NAMESPACE, "web") == ""
        assert evidence.collect(stack.kube, [NAMESPACE], lambda name, text: len(name + text)) > 0
    assert (small.refused, _writes(small)) == ([], [])
    assert repr(small.documents) == before


def test_usage_needs_its_own_role(small: FakeCluster, kubeconfig: Path) -> None:
    with closing(_open(small, kubeconfig, USAGE)) as stack:
        assert stack.usage()
    assert small.refused == []


def test_changes_need_the_other_role(small: FakeCluster, kubeconfig: Path) -> None:
    with closing(_open(small, kubeconfig, CHANGES, changes=True)) as stack:
        for server in ("web", "sentry-postgres"):
            stack.controls.stop(server)
            stack.controls.start(server)
        stack.controls.kill("snuba-api")
        stack.controls.restore()
        assert stack.kube.execute(NAMESPACE, "web", ["true"]).exit_code == 0
        stack.kube.create(JOB)
    assert small.refused == []
    assert {one.verb for one in _writes(small)} == {"patch", "delete", "create"}


FORBIDDEN: dict[str, Callable[[Kube], object]] = {
    "get secrets in": lambda kube: kube.get(CA_KEY),
    "list secrets in": lambda kube: kube.list_of("v1", "Secret", namespace=NAMESPACE),
    "list configmaps in": lambda kube: kube.list_of("v1", "ConfigMap", namespace=NAMESPACE),
    "list pods of another namespace": lambda kube: kube.pods("default"),
    "list pods of all namespaces": lambda kube: kube.list_of("v1", "Pod"),
    "patch deployments": lambda kube: kube.patch(WEB, {"spec": {"replicas": 0}}),
    "apply jobs": lambda kube: kube.apply({**JOB, "spec": {}}),
    "delete pods": lambda kube: kube.delete(pod_name(NAMESPACE, "web")),
    "create jobs": lambda kube: kube.create(JOB),
    "get pods/exec": lambda kube: kube.execute(NAMESPACE, "web", ["true"]),
    "get nodes/proxy": lambda kube: kube.node_summary("node-1"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_whoever_may_only_read_may_not(small: FakeCluster, kube: Kube, what: str) -> None:
    small.grants = grants(documents(*READ))
    before = repr(small.documents)
    with pytest.raises(Forbidden):
        FORBIDDEN[what](kube)
    assert repr(small.documents) == before


def test_whoever_may_change_still_reads_no_other_secret(small: FakeCluster, kube: Kube) -> None:
    small.grants = grants(documents("read", "changes", "usage"))
    with pytest.raises(Forbidden, match="may not get secrets"):
        kube.get(CA_KEY)


def test_the_reading_role_only_reads() -> None:
    found = grants(documents(*READ))
    assert {verb for grant in found for verb in grant.rule["verbs"]} == {"get", "list"}
    assert not any("*" in (*grant.rule["apiGroups"], *grant.rule["resources"]) for grant in found)
    secrets = [grant.rule for grant in found if "secrets" in grant.rule["resources"]]
    assert [rule["resourceNames"] for rule in secrets] == [["suite-client-tls", "conformance-suite"]]


def test_every_kind_that_is_judged_may_be_read() -> None:
    """Rules for kinds that no check of a read-only run looks at are named here, with the reason."""
    readable = {
        (group, resource)
        for grant in grants(documents(*READ))
        for group in grant.rule["apiGroups"]
        for resource in grant.rule["resources"]
    }
    installers = {("apiregistration.k8s.io", "APIService")}  # waited for while a cluster is set up, never later
    unreadable = {
        (group, kind) for group, kind in conditions.RULES if (group, _plural(kind)) not in readable
    } - installers
    assert unreadable == set()


def _plural(kind: str) -> str:
    word = kind.lower()
    return word[:-1] + "ies" if word.endswith("cy") else word + ("" if word.endswith("s") else "s")


@pytest.mark.parametrize("part", ["read", "changes", "usage"])
def test_bindings_name_roles_that_are_there_and_one_account(part: str) -> None:
    listed = documents(part)
    assert grants(listed), "every binding's role is found"
    subjects = {repr(subject) for one in listed for subject in one.get("subjects", ())}
    assert subjects == {repr({"kind": "ServiceAccount", "name": "conformance-suite", "namespace": NAMESPACE})}
    assert {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in listed} == {"conformance-suite"}
