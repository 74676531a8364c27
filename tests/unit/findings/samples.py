"""A small sound platform as the API shows it, to be broken by a test: documents by kind and name."""

from __future__ import annotations

import base64
import copy
import functools
import tempfile
from pathlib import Path
from typing import Any

from fixtures import pki
from fixtures.kubernetes.findings import live
from fixtures.lint import lists
from fixtures.lint.model import Rendered

Body = dict[str, Any]
MANIFESTS = Path(__file__).parents[3] / "manifests"
LISTS = lists.load(MANIFESTS)
NAMESPACE = "sentry-system"
COMPONENT = "conformance.sentry/component"
SENTRY = f"conformance.local/sentry:{LISTS.versions.built['sentry']}"
SIZE = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
PROBES: Body = {"readinessProbe": {"tcpSocket": {"port": 1}}, "livenessProbe": {"tcpSocket": {"port": 1}}}


def named(api_version: str, kind: str, name: str, *, namespace: str = NAMESPACE, **more: Any) -> Body:  # noqa: ANN401
    metadata = {"name": name, "namespace": namespace, "generation": 1, **more.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def owned(kind: str, name: str, api_version: str = "batch/v1") -> list[Body]:
    return [{"apiVersion": api_version, "kind": kind, "name": name, "controller": True}]


def pod(name: str, component: str, *, image: str = SENTRY, port: int = 0, **metadata: Any) -> Body:  # noqa: ANN401
    container: Body = {"name": "main", "image": image, "resources": SIZE}
    if port:
        container |= {"ports": [{"name": "port", "containerPort": port}], **PROBES}
    labels = {COMPONENT: component, "app": name, **metadata.pop("labels", {})}
    return named(
        "v1",
        "Pod",
        name,
        namespace=metadata.pop("namespace", NAMESPACE),
        metadata={"labels": labels, "uid": f"uid-{name}", **metadata},
        spec={"nodeName": "node-1", "containers": [container], "volumes": []},
        status={
            "phase": "Running",
            "podIP": "10.244.0.7",
            "qosClass": "Burstable",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": "main", "restartCount": 0, "state": {"running": {}}, "imageID": f"{image}@sha256:{'a' * 64}"}
            ],
        },
    )


def certificate(name: str, *, is_ca: bool = False) -> Body:
    return named(
        "cert-manager.io/v1",
        "Certificate",
        name,
        spec={"secretName": f"{name}-tls", "isCA": is_ca},
        status={
            "revision": 1,
            "notAfter": "2099-01-01T00:00:00Z",
            "renewalTime": "2098-12-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}],
        },
    )


@functools.cache
def chain() -> tuple[Body, Body]:
    """Two issued secrets with different keys."""
    with tempfile.TemporaryDirectory() as folder:
        authority = pki.foreign_authority()
        made = [pki.issue(Path(folder) / name, authority=authority, common_name=name).folder for name in ("web", "b")]
        first, second = (
            {file: base64.b64encode((one / file).read_bytes()).decode() for file in ("tls.crt", "tls.key", "ca.crt")}
            for one in made
        )
    return first, second


def secret(name: str, data: Body) -> Body:
    return named("v1", "Secret", name, type="kubernetes.io/tls", data=dict(data))


def policy(name: str, component: str | None, *, ingress: Any = None, egress: Any = None) -> Body:  # noqa: ANN401
    spec: Body = {"podSelector": {"matchLabels": {COMPONENT: component}} if component else {}, "policyTypes": []}
    for word, rules in (("Ingress", ingress), ("Egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(word)
            spec[word.lower()] = rules
    return named("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)


def peer(component: str) -> Body:
    return {"podSelector": {"matchLabels": {COMPONENT: component}}}


class Look:
    """What was seen, as a test may change it."""

    def __init__(self) -> None:
        web = pod("web", "sentry-web", port=9000)
        web["spec"]["volumes"] = [
            {"name": "tls", "secret": {"secretName": "web-tls"}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        ]
        store = pod("db", "postgres", image="conformance.local/postgresql:17-trixie", port=5432)
        argo = pod("argo", "argocd", image=f"conformance.local/argocd:{LISTS.versions.operators['argocd'].version}")
        argo["metadata"]["namespace"] = "argocd"
        counted = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        deployment = named(
            "apps/v1", "Deployment", "web", spec={"replicas": 1}, status={"observedGeneration": 1, **counted}
        )
        self.documents: list[Body] = copy.deepcopy(
            [
                web,
                store,
                argo,
                deployment,
                certificate("web"),
                certificate("sentry-ca", is_ca=True),
                named(
                    "cert-manager.io/v1", "Issuer", "ca", status={"conditions": [{"type": "Ready", "status": "True"}]}
                ),
                secret("web-tls", chain()[0]),
                policy("postgres", "postgres", ingress=[{"from": [peer("sentry-web")], "ports": [{"port": 5432}]}]),
                policy("web", "sentry-web", egress=[{"to": [peer("postgres")], "ports": [{"port": 5432}]}]),
                named(
                    "v1",
                    "Service",
                    "web",
                    spec={"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "port"}]},
                ),
                named(
                    "v1",
                    "PersistentVolumeClaim",
                    "data",
                    spec={"resources": {"requests": {"storage": "20Gi"}}},
                    status={"phase": "Bound"},
                ),
                self.application(),
            ]
        )

    @staticmethod
    def application(name: str = "platform") -> Body:
        held = [("apps", "Deployment", "web"), ("cert-manager.io", "Certificate", "web")]
        held += [("cert-manager.io", "Certificate", "sentry-ca"), ("cert-manager.io", "Issuer", "ca")]
        held += [("", "Service", "web"), ("", "PersistentVolumeClaim", "data"), ("", "Secret", "web-tls")]
        held += [("networking.k8s.io", "NetworkPolicy", one) for one in ("postgres", "web")]
        held += [("", "Pod", one) for one in ("web", "db")]
        resources = [{"group": g, "kind": k, "namespace": NAMESPACE, "name": n} for g, k, n in held]
        resources.append({"kind": "Pod", "namespace": "argocd", "name": "argo"})
        return named(
            "argoproj.io/v1alpha1",
            "Application",
            name,
            namespace="argocd",
            spec={
                "project": "sentry",
                "source": {"repoURL": "r"},
                "destination": {"namespace": NAMESPACE},
            },
            status={
                "sync": {"status": "Synced", "comparedTo": {"source": {"repoURL": "r"}}},
                "health": {"status": "Healthy"},
                "resources": resources,
            },
        )

    def one(self, kind: str, name: str) -> Body:
        """The document of that kind and name."""
        found = [one for one in self.documents if (one["kind"], one["metadata"]["name"]) == (kind, name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name}"
        return found[0]

    def container(self, name: str) -> Body:
        """The container of a pod."""
        found: Body = self.one("Pod", name)["spec"]["containers"][0]
        return found

    def status(self, name: str) -> Body:
        """Its status."""
        found: Body = self.one("Pod", name)["status"]["containerStatuses"][0]
        return found

    def add(self, *documents: Body) -> None:
        """More of them."""
        self.documents += documents

    def rendered(self) -> Rendered:
        """As rules take it."""
        return live.rendered(copy.deepcopy(self.documents), LISTS, "built")
