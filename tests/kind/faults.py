"""Faults of a platform on a kept cluster: each breaks one thing by the API, names who must notice, and heals.

The rules of these checks are proven one by one in ``tests/unit``; here the way from a real cluster to the verdict is.
Argo CD would undo a change, so the applications look away meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fixtures.clients.kube import Document, Kube
from fixtures.clients.kube_names import ResourceName, name_of, pod_name
from fixtures.cluster.argocd import SKIP
from fixtures.kind.images.engine import Engine
from fixtures.kind.runtime import KindRuntime
from fixtures.kubernetes.applying import apply_all
from fixtures.kubernetes.waits import await_ready
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for

HOME, ARGOCD = "sentry-system", "argocd"
POLICY, CERTIFICATE = "networking.k8s.io/v1", "cert-manager.io/v1"


@dataclass(frozen=True, kw_only=True)
class ClusterFault:
    """``must_fail`` and ``must_pass`` are checks below ``suites/``; ``limits`` shortens what they wait for in vain."""

    id: str
    stands_for: str
    broken: Callable[[Kube], contextlib.AbstractContextManager[None]]
    must_fail: tuple[str, ...]
    must_pass: tuple[str, ...]
    limits: Mapping[str, int] = field(default_factory=dict)


@contextlib.contextmanager
def looking_away(kube: Kube) -> Iterator[None]:
    """No application of Argo CD undoes anything meanwhile."""
    names = [name_of(one) for one in kube.list_of("argoproj.io/v1alpha1", "Application", namespace=ARGOCD)]
    for name in names:
        kube.patch(name, {"metadata": {"annotations": {SKIP: "true"}}})
    try:
        yield
    finally:
        for name in names:
            kube.patch(name, {"metadata": {"annotations": {SKIP: None}}})


@contextlib.contextmanager
def _added(kube: Kube, document: Document) -> Iterator[None]:
    apply_all(kube, [document], timeout=LIMITS.http)
    try:
        yield
    finally:
        kube.delete(name_of(document))


@contextlib.contextmanager
def _patched(kube: Kube, name: ResourceName, change: Mapping[str, Any], undo: Mapping[str, Any]) -> Iterator[None]:
    kube.patch(name, dict(change))
    try:
        yield
    finally:
        kube.patch(name, dict(undo))


def _policy(name: str, **spec: Any) -> Document:  # noqa: ANN401 - a policy's own fields
    return {
        "apiVersion": POLICY,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": HOME},
        "spec": {"podSelector": {}, **spec},
    }


def _open_store(kube: Kube) -> contextlib.AbstractContextManager[None]:
    labels = {"matchLabels": {"conformance.sentry/component": "valkey"}}
    opened = _policy("fault-open", podSelector=labels, policyTypes=["Ingress"], ingress=[{"ports": [{"port": 6379}]}])
    out = _policy("fault-open-out", policyTypes=["Egress"], egress=[{"ports": [{"port": 6379}]}])
    return _both(_added(kube, opened), _added(kube, out))


def _way_out(kube: Kube) -> contextlib.AbstractContextManager[None]:
    anywhere = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
    return _added(kube, _policy("fault-way-out", policyTypes=["Egress"], egress=anywhere))


@contextlib.contextmanager
def _both(*parts: contextlib.AbstractContextManager[None]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        yield


def _closed_link(kube: Kube) -> contextlib.AbstractContextManager[None]:
    name = ResourceName(api_version=POLICY, kind="NetworkPolicy", name="valkey", namespace=HOME)
    ingress = kube.get(name)["spec"]["ingress"]
    return _patched(kube, name, {"spec": {"ingress": []}}, {"spec": {"ingress": ingress}})


@contextlib.contextmanager
def _restart(kube: Kube) -> Iterator[None]:
    """A container ends by itself and comes back; healed by a new pod."""
    (pod,) = kube.pods(HOME, {"conformance.sentry/component": "dex"})
    name = str(pod["metadata"]["name"])
    (container,) = pod["status"]["containerStatuses"]
    runtime = KindRuntime(engine=Engine.connect())
    runtime.kill(str(pod["spec"]["nodeName"]), str(container["containerID"]).rpartition("/")[2])

    def probe() -> Reached[None] | str:
        status = kube.get(pod_name(HOME, name))["status"]["containerStatuses"][0]
        return Reached(None) if status["restartCount"] and status["ready"] else f"{status['restartCount']} restarts"

    wait_for("dex to come back", probe, timeout=LIMITS.server_ready)
    try:
        yield
    finally:
        kube.delete(pod_name(HOME, name))
        await_ready(kube, [_deployment("dex")], timeout=LIMITS.server_ready)


def _deployment(name: str, namespace: str = HOME) -> ResourceName:
    return ResourceName(api_version="apps/v1", kind="Deployment", name=name, namespace=namespace)


def _bad_image(kube: Kube) -> contextlib.AbstractContextManager[None]:
    name = _deployment("cert-manager-cainjector", "cert-manager")
    container = kube.get(name)["spec"]["template"]["spec"]["containers"][0]

    def with_image(image: str) -> Document:
        return {"spec": {"template": {"spec": {"containers": [{**container, "image": image}]}}}}

    return _patched(kube, name, with_image("conformance.local/absent:1"), with_image(container["image"]))


def _never_issued(kube: Kube) -> contextlib.AbstractContextManager[None]:
    spec = {
        "secretName": "fault-tls", "commonName": "fault", "dnsNames": ["fault"],
        "issuerRef": {"name": "nobody", "kind": "Issuer"},
    }  # fmt: skip
    metadata = {"name": "fault", "namespace": HOME}
    return _added(kube, {"apiVersion": CERTIFICATE, "kind": "Certificate", "metadata": metadata, "spec": spec})


def _no_room(kube: Kube) -> contextlib.AbstractContextManager[None]:
    spec = {"hard": {"pods": "1"}}
    metadata = {"name": "fault-full", "namespace": HOME}
    return _added(kube, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})


def _no_archive(kube: Kube) -> contextlib.AbstractContextManager[None]:
    (store,) = kube.list_of("barmancloud.cnpg.io/v1", "ObjectStore", namespace=HOME)
    right = store["spec"]["configuration"]["endpointURL"]

    def at(url: str) -> Document:
        return {"spec": {"configuration": {"endpointURL": url}}}

    return _patched(kube, name_of(store), at("https://nowhere.object-store.svc:9000"), at(right))


FAULTS = (
    ClusterFault(
        id="policy-opens-a-store",
        stands_for="somebody opens Valkey for everybody to get a debugging session through",
        broken=_open_store,
        must_fail=(
            "operations/test_network.py::test_policies_let_nothing_else_through",
            "operations/test_network.py::test_nothing_else_connects",
            "storage/test_isolation.py::test_policies_let_only_sentry_into_stores",
        ),
        must_pass=("operations/test_network.py::test_declared_links_connect",),
    ),
    ClusterFault(
        id="policy-leads-outside",
        stands_for="egress is opened while an integration is tried, and stays open",
        broken=_way_out,
        must_fail=(
            "operations/test_network.py::test_no_policy_leads_outside",
            "operations/test_network.py::test_no_pod_gets_outside",
        ),
        must_pass=("operations/test_network.py::test_policies_let_the_declared_links_through",),
    ),
    ClusterFault(
        id="declared-link-closed",
        stands_for="a clean-up of policies takes one too many",
        broken=_closed_link,
        must_fail=(
            "operations/test_network.py::test_policies_let_the_declared_links_through",
            "operations/test_network.py::test_declared_links_connect",
        ),
        must_pass=("operations/test_network.py::test_nothing_else_connects",),
    ),
    ClusterFault(
        id="nobody-undoes-drift",
        stands_for="Argo CD's self-healing is off, or it is told to look away",
        broken=lambda _: contextlib.nullcontext(),
        must_fail=("gitops/test_drift.py::test_a_change_by_hand_is_undone",),
        must_pass=("gitops/test_applications.py::test_every_workload_comes_from_git",),
        limits={"DRIFT": 10},
    ),
    ClusterFault(
        id="container-came-back",
        stands_for="a server crashes now and then and nobody sees it, because it comes back",
        broken=_restart,
        must_fail=("operations/test_pods.py::test_no_container_has_come_back",),
        must_pass=("operations/test_pods.py::test_every_pod_runs",),
    ),
    ClusterFault(
        id="operator-cannot-be-pulled",
        stands_for="an upgrade of cert-manager names an image that is not there",
        broken=_bad_image,
        must_fail=("operators/test_readiness.py::test_what_the_platform_stands_on_is_ready[cert-manager]",),
        must_pass=("operators/test_readiness.py::test_what_the_platform_stands_on_is_ready[traefik]",),
    ),
    ClusterFault(
        id="certificate-never-issued",
        stands_for="a Certificate names an issuer that does not exist",
        broken=_never_issued,
        must_fail=(
            "operators/test_certificates.py::test_every_certificate_is_current",
            "gitops/test_applications.py::test_every_certificate_comes_from_git",
        ),
        must_pass=("operators/test_certificates.py::test_every_issuer_is_ready",),
    ),
    ClusterFault(
        id="no-room-for-a-second",
        stands_for="a quota leaves no room for a second instance or for a restore",
        broken=_no_room,
        must_fail=("storage/test_postgres_survives.py::test_a_second_instance_takes_over",),
        must_pass=("storage/test_recovery.py::test_backups_are_scheduled",),
        limits={"POSTGRES_JOIN": 20},
    ),
    ClusterFault(
        id="archive-out-of-reach",
        stands_for="the object store has moved and backups fail silently",
        broken=_no_archive,
        must_fail=("storage/test_recovery.py::test_a_backup_restores_to_a_moment",),
        must_pass=("storage/test_isolation.py::test_postgres_holds_sentrys_database_only",),
        limits={"ARCHIVED": 20, "BACKUP": 60},
    ),
)
