"""The client, the roles and a stack against a real API server: validation, RBAC and server-side apply are Kubernetes'.

It needs etcd and kube-apiserver from the cache. Where the kind images were never built, these tests say so and are
not run: ``make test`` must not build for an hour.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures import pki
from fixtures.clients import kube as kube_module
from fixtures.clients.kube import Kube, connect
from fixtures.clients.kube_errors import Conflict, Forbidden, KubeError, NotFound
from fixtures.clients.kube_names import ResourceName, name_of, pod_name
from fixtures.embedded.store import Store
from fixtures.home import cache_folder
from fixtures.kind.images import programs
from fixtures.kubernetes import applying, conditions, discover, evidence
from fixtures.kubernetes.stack import open_stack
from fixtures.kubernetes.waits import await_ready
from fixtures.redaction import MASK, redact
from fixtures.stack import Capability
from fixtures.waiting import Reached, WaitAborted, wait_for
from tests.unit.kubernetes import platform
from tests.unit.kubernetes.control_plane import NOBODY, SUITE, ControlPlane, Programs, controllers, running
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import documents
from tests.unit.kubernetes.samples import NAMESPACE, deployment, write_kubeconfig

Document = dict[str, Any]
SPACES = (NAMESPACE, "traefik", "cert-manager", "cnpg-system", "argocd")
UID = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One API server for all of this file, with the platform's namespaces and the roles of the manifests."""
    store = Store(cache_folder())
    found = {
        step.name: store.find(step.recipe) for step in (programs.etcd(store.root), programs.kubernetes(store.root))
    }
    missing = [name for name, entry in found.items() if entry is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)} in the cache; next: make kind-images")
    etcd, kubernetes = (entry for entry in found.values() if entry is not None)
    wanted = Programs(
        etcd=etcd / "etcd",
        kube_apiserver=kubernetes / "kube-apiserver",
        controller_manager=kubernetes / "kube-controller-manager",
    )
    with running(wanted, tmp_path_factory.mktemp("plane")) as made:
        spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}} for space in SPACES]
        clusters = _definition("postgresql.cnpg.io", "v1", "Cluster", "clusters")
        kafkas = _definition("kafka.strimzi.io", "v1", "Kafka", "kafkas")
        with made.client() as admin:
            applying.apply_all(admin, [*documents("read"), *spaces, clusters, kafkas], timeout=30)
        yield made


@pytest.fixture
def admin(plane: ControlPlane) -> Iterator[Kube]:
    with plane.client() as made:
        yield made


def _definition(group: str, version: str, kind: str, plural: str) -> Document:
    """A definition that takes any fields, for an operator's kind."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [served]}
    metadata = {"name": f"{plural}.{group}"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def _map(name: str, **data: str) -> Document:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app": "map"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_apply_patch_and_delete_do_what_they_say(admin: Kube) -> None:
    assert admin.version == "1.34.4"
    document = _map("one", a="1", b="2")
    assert admin.apply(document, dry_run=True)["data"] == {"a": "1", "b": "2"}
    assert admin.find(name_of(document)) is None
    admin.apply(document)
    assert admin.apply(_map("one", a="3"))["data"] == {"a": "3"}, "what is no longer said is taken away"
    admin.patch(name_of(document), {"data": {"a": None, "c": "4"}})
    assert admin.get(name_of(document))["data"] == {"c": "4"}
    with pytest.raises(Conflict, match="already exists"):
        admin.create(document)
    assert admin.delete(name_of(document))
    assert not admin.delete(name_of(document))


def test_a_field_of_another_manager_is_taken_only_by_force(admin: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.apply(_map("shared", a="1"))
    monkeypatch.setattr(kube_module, "MANAGER", "somebody-else")
    with pytest.raises(Conflict, match='conflict with "sentry-conformance"'):
        admin.apply(_map("shared", a="2"), force=False)
    assert admin.apply(_map("shared", a="2"))["data"] == {"a": "2"}


def test_lists_are_paged_and_selected(admin: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_module, "PAGE", 2)
    for number in range(5):
        admin.apply(
            {**_map(f"page-{number}"), "metadata": {**_map(f"page-{number}")["metadata"], "labels": {"page": "1"}}}
        )
    found = admin.list_of("v1", "ConfigMap", namespace=NAMESPACE, labels="page in (1, 2)")
    assert [one["metadata"]["name"] for one in found] == [f"page-{number}" for number in range(5)]
    assert (
        admin.list_of("v1", "ConfigMap", namespace=NAMESPACE, fields="metadata.name=page-3")[0]["kind"] == "ConfigMap"
    )
    assert admin.list_of("v1", "ConfigMap", namespace=NAMESPACE, labels={"page": "2"}) == []


def test_what_the_server_refuses_is_its_own_sentence(admin: Kube) -> None:
    with pytest.raises(KubeError, match=r'Deployment\.apps "bad" is invalid') as refusal:
        admin.create(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bad", "namespace": NAMESPACE}}
        )
    assert refusal.value.status == 422
    with pytest.raises(NotFound, match="knows no Valkey"):
        admin.list_of("cache.cs.sap.com/v1alpha1", "Valkey")


def test_a_definition_that_comes_later_is_found(admin: Kube) -> None:
    assert not admin.serves("late.test/v1", "Late")
    made = admin.apply(_definition("late.test", "v1", "Late", "lates"))
    await_ready(admin, [name_of(made)], timeout=20)
    assert admin.serves("late.test/v1", "Late")
    admin.delete(name_of(made))


def test_a_status_about_an_older_specification_is_not_believed(admin: Kube) -> None:
    name = ResourceName(api_version="kafka.strimzi.io/v1", kind="Kafka", name="judged", namespace=NAMESPACE)
    document = {
        "apiVersion": name.api_version,
        "kind": name.kind,
        "metadata": {"name": name.name, "namespace": NAMESPACE},
    }
    admin.apply({**document, "spec": {"a": 1}})
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "observedGeneration": 1}
    admin.patch(name, {"status": ready}, subresource="status")
    assert conditions.judge(admin.get(name)).ready
    admin.apply({**document, "spec": {"a": 2}})
    assert conditions.judge(admin.get(name)).reason == "its status is about generation 1, and 2 is wanted"
    admin.delete(name)


def test_a_user_without_roles_is_told_what_is_missing(plane: ControlPlane) -> None:
    with plane.client(NOBODY) as kube:
        assert not kube.may("list", "pods", namespace=NAMESPACE)
        with pytest.raises(Forbidden, match=f"the user nobody may not list pods in namespace {NAMESPACE}"):
            kube.pods(NAMESPACE)
        with pytest.raises(Forbidden, match="the user nobody may not list nodes;"):
            kube.list_of("v1", "Node")
        with pytest.raises(Forbidden, match="may not get pods/exec in namespace"):
            kube.execute(NAMESPACE, "p", ["true"])


def test_the_suites_kubeconfig_is_its_account_and_nobody_elses_to_read(plane: ControlPlane) -> None:
    path = plane.kubeconfig(SUITE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = yaml.safe_load(path.read_text())["users"][0]["user"]["token"]
    assert redact(f"it is {token}") == f"it is {MASK}"
    with plane.client(SUITE) as kube:
        assert kube.may("list", "pods", namespace=NAMESPACE)
        assert not kube.may("delete", "pods", namespace=NAMESPACE)
        with pytest.raises(Forbidden, match="may not create serviceaccounts/token"):
            kube.account_token(NAMESPACE, "default", seconds=600)


def test_a_wrong_token_is_told(plane: ControlPlane, tmp_path: Path) -> None:
    settings = {"certificate-authority": str(plane.folder / "tls" / "ca.crt")}
    path = write_kubeconfig(tmp_path / "k", plane.url, user={"token": "wrong"}, **settings)
    with pytest.raises(KubeError, match="does not accept the kubeconfig's credentials"):
        connect(path)


@pytest.fixture
def small(admin: Kube, tmp_path: Path) -> Iterator[list[Document]]:
    """The small platform, with statuses, as its controllers would have left it."""
    client = pki.issue(tmp_path / "client", authority=pki.foreign_authority(), common_name="suite").folder
    cluster = FakeCluster()
    platform.fill(cluster, client)
    made = [_acceptable(one) for one in cluster.documents.values()]
    for document in made:
        status = document.pop("status", None)
        admin.apply(document)
        if status:
            admin.patch(name_of(document), {"status": status}, subresource="status")
    yield made
    for document in made:
        admin.delete(name_of(document), grace=0)


def _acceptable(document: Document) -> Document:
    """What a real server wants besides: owners with a uid, a ReplicaSet with a template, whole conditions."""
    metadata = document["metadata"]
    metadata.pop("generation", None)
    metadata.pop("uid", None)
    for reference in metadata.get("ownerReferences") or ():
        reference["uid"] = UID
    if document["kind"] == "ReplicaSet":
        labels = {"replica-set": metadata["name"]}
        container = {"name": "c", "image": "x/y:1"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        document["spec"] = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    if document["kind"] == "StatefulSet":
        document["spec"]["serviceName"] = metadata["name"]
    return document


def _everything(admin: Kube) -> dict[str, str]:
    """The version of every resource of the platform: equal before and after, nothing was changed."""
    kinds = [("v1", kind) for kind in ("Pod", "Secret", "ConfigMap", "Event", "ServiceAccount")]
    kinds += [("apps/v1", kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet")]
    kinds += [("postgresql.cnpg.io/v1", "Cluster"), ("kafka.strimzi.io/v1", "Kafka"), ("batch/v1", "Job")]
    return {
        f"{kind} {one['metadata']['name']}": one["metadata"]["resourceVersion"]
        for api_version, kind in kinds
        for one in admin.list_of(api_version, kind, namespace=NAMESPACE)
    }


@pytest.mark.usefixtures("small")
def test_a_restricted_user_reads_a_whole_stack_and_changes_nothing(
    plane: ControlPlane, admin: Kube, tmp_path: Path
) -> None:
    before = _everything(admin)
    target = platform.target(plane.kubeconfig(SUITE))
    with closing(open_stack(target, links=(), base=tmp_path / "private")) as stack:
        found = {one.name: (one.version, one.managed_by) for one in stack.components}
        assert found["postgres"] == ("17-trixie", "operator CloudNativePG 1.30.0")
        assert found["kafka"] == ("4.3.1", "operator Strimzi 1.2.0")
        assert found["sentry-web"] == ("23.7.1", "Deployment")
        assert found["clickhouse"][1] == "StatefulSet without an operator"
        assert stack.sentry.token == "token-of-the-suite"
        assert stack.limitation(Capability.USAGE).endswith("bind manifests/access/usage to it")
        assert evidence.collect(stack.kube, [NAMESPACE], lambda name, text: len(name + text)) > 1000
        assert "# Not seen" not in discover.describe(stack.kube, NAMESPACE)
    assert _everything(admin) == before


WRITES: dict[str, Callable[[Kube], object]] = {
    "get secrets": lambda kube: kube.secret(NAMESPACE, "sentry-ca-tls"),
    "list secrets": lambda kube: kube.list_of("v1", "Secret", namespace=NAMESPACE),
    "list configmaps": lambda kube: kube.list_of("v1", "ConfigMap", namespace=NAMESPACE),
    "create configmaps|patch configmaps": lambda kube: kube.apply(_map("two")),
    "patch deployments": lambda kube: kube.patch(
        ResourceName(api_version="apps/v1", kind="Deployment", name="web", namespace=NAMESPACE), {"spec": {}}
    ),
    "delete pods": lambda kube: kube.delete(pod_name(NAMESPACE, "web")),
    "get pods/exec": lambda kube: kube.execute(NAMESPACE, "web", ["true"]),
    "get nodes/proxy": lambda kube: kube.node_summary("node-1"),
    "list pods": lambda kube: kube.pods("kube-system"),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("what", WRITES)
def test_a_restricted_user_may_not(plane: ControlPlane, admin: Kube, what: str) -> None:
    before = _everything(admin)
    with (
        plane.client(SUITE) as kube,
        pytest.raises(Forbidden, match=f"conformance-suite may not ({what})"),
    ):
        WRITES[what](kube)
    assert _everything(admin) == before


@pytest.mark.usefixtures("small")
def test_the_role_for_changes_allows_what_controls_do(plane: ControlPlane, admin: Kube, tmp_path: Path) -> None:
    target = platform.target(plane.kubeconfig(SUITE))
    bound = documents("changes", "usage")
    for document in bound:
        admin.apply(document)
    try:
        with closing(open_stack(target, links=(), allow_changes=True, base=tmp_path / "private")) as stack:
            assert {Capability.CONTROLS, Capability.CHANGES, Capability.USAGE} <= stack.capabilities
            assert stack.controls.servers()["sentry-postgres"] == "postgres"
            _stop(stack.kube, admin)
            assert stack.controls.left_stopped() == ["web"]
    finally:
        for document in reversed(bound):
            admin.delete(name_of(document))


def _stop(kube: Kube, admin: Kube) -> None:
    """As ``stop`` does it, without the wait: there is no controller here that would remove the pods."""
    name = ResourceName(api_version="apps/v1", kind="Deployment", name="web", namespace=NAMESPACE)
    change = {"metadata": {"annotations": {"conformance.sentry/replicas": "1"}}, "spec": {"replicas": 0}}
    kube.patch(name, change)
    kube.delete(pod_name(NAMESPACE, "web"), grace=1)
    assert admin.get(name)["spec"]["replicas"] == 0


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_quota_that_is_used_up_ends_a_wait(plane: ControlPlane, admin: Kube, kind: str) -> None:
    space = f"quota-{kind.lower()}"
    workload = deployment("w", {"app": "w"}, kind=kind)
    workload["metadata"] = {"name": "w", "namespace": space}
    workload["spec"] |= {"serviceName": "w"} if kind == "StatefulSet" else {}
    del workload["status"]
    names = ("deployment-controller", "replicaset-controller", "statefulset-controller", "resourcequota-controller")
    with controllers(plane, *names):
        _use_up(admin, space)
        admin.apply(workload)
        with pytest.raises(WaitAborted, match=r"is stuck for .*exceeded quota: none, requested: pods=1"):
            await_ready(admin, [name_of(workload)], timeout=60, patience=1)
    admin.delete(name_of(workload))


def _use_up(admin: Kube, space: str) -> None:
    """A namespace without room for a pod, once the server's admission knows that."""
    metadata = {"name": "none", "namespace": space}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": {"pods": "0"}}}
    applying.apply_all(
        admin, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}, quota], timeout=20
    )
    container = {"name": "c", "image": "x/y:1"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": space}}

    def probe() -> Reached[None] | str:
        try:
            admin.apply({**pod, "spec": {"containers": [container]}}, dry_run=True)
        except KubeError as error:
            return Reached(None) if (error.status, "exceeded quota" in error.what) == (403, True) else error.what
        return "a pod is still accepted"

    wait_for("the quota to be enforced", probe, timeout=20)
