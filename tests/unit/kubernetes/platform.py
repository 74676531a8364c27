"""A small platform in a fake cluster: parts with and without an operator, and a controller that obeys a scale."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from fixtures.kubernetes.target import Target
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, deployment, owner, pod, secret

Document = dict[str, Any]
LABEL = "conformance.sentry/component"
CLUSTER: Document = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "sentry-postgres", "namespace": NAMESPACE, "generation": 1},
    "spec": {"instances": 1},
}
HEALTHY = {
    "phase": "Cluster in healthy state",
    "readyInstances": 1,
    "conditions": [{"type": "Ready", "status": "True", "reason": "ClusterIsReady"}],
}
KAFKA: Document = {
    "apiVersion": "kafka.strimzi.io/v1",
    "kind": "Kafka",
    "metadata": {"name": "sentry-kafka", "namespace": NAMESPACE},
    "status": {"kafkaVersion": "4.3.1", "operatorLastSuccessfulVersion": "1.2.0"},
}
CPU = {"snuba-api": 2_000_000_000, "snuba-consumer": 500_000_000}


def document(kubeconfig: Path) -> Document:
    """A target of the platform as a file would hold it."""
    return {
        "version": 1,
        "name": "small",
        "namespace": NAMESPACE,
        "cluster": {"kubeconfig": str(kubeconfig)},
        "door": {
            "sentry_url": "https://sentry.test",
            "dex_url": "https://dex.test/dex",
            "ca": {"secret": {"name": "suite-client-tls", "key": "ca.crt"}},
            "resolve": {"sentry.test": "127.0.83.1"},
        },
        "sentry": {
            "organization": "o",
            "team": "t",
            "token": {"secret": {"name": "conformance-suite", "key": "sentry.token"}},
        },
        "kafka": {"bootstrap": "127.0.83.1:9094", "identity": {"secret": "suite-client-tls"}},
        "clickhouse": {"host": "clickhouse.test", "identity": {"secret": "suite-client-tls"}},
        "snuba": {"url": "http://snuba.test:1218"},
        "relay": {"url": "http://relay.test:3000"},
        "features": {"transactions": True, "sessions": "no metrics consumers run"},
        "components": {
            "postgres": {
                "resource": {"api_version": CLUSTER["apiVersion"], "kind": "Cluster", "name": "sentry-postgres"}
            },
            "kafka": {"resource": {"api_version": KAFKA["apiVersion"], "kind": "Kafka", "name": "sentry-kafka"}},
            "valkey": {"note": "not deployed yet"},
            "sentry-web": {"pods": "app=sentry,role=web"},
        },
    }


def target(kubeconfig: Path, **more: object) -> Target:
    """The target, validated."""
    return Target.model_validate({**document(kubeconfig), **more})


def fill(cluster: FakeCluster, client: Path) -> None:
    """Put the platform into the cluster; ``client`` is a folder with the suite's certificate."""
    files = {
        name.replace(".", "_"): base64.b64encode((client / name).read_bytes()).decode()
        for name in ("tls.crt", "tls.key", "ca.crt")
    }
    cluster.put(
        secret("suite-client-tls", **files),
        secret("conformance-suite", sentry_token=base64.b64encode(b"token-of-the-suite").decode()),
        secret("sentry-ca-tls", tls_key="YWJj"),
    )
    cluster.put({**CLUSTER, "metadata": {**CLUSTER["metadata"]}, "status": HEALTHY}, {**KAFKA})
    cluster.put(_postgres_pod())
    cluster.put(pod("kafka-0", {"strimzi.io/cluster": "sentry-kafka"}, ownerReferences=owner(KAFKA)))
    for name, component, image in (
        ("snuba-api", "snuba", "conformance.local/suite:0.1.0"),
        ("snuba-consumer", "snuba", "conformance.local/suite:0.1.0"),
        ("sentry-relay", "relay", "registry.test:5000/getsentry/relay:26.8.0@sha256:abc"),
    ):
        _serve(cluster, deployment(name, {LABEL: component, "app": name}), image)
    _serve(
        cluster,
        deployment("sentry-clickhouse", {LABEL: "clickhouse"}, kind="StatefulSet"),
        "x/front@sha256:0123456789ab",
    )
    _serve(cluster, deployment("web", {"app": "sentry", "role": "web"}), "conformance.local/sentry:23.7.1")
    _serve(cluster, deployment("unrelated", {"app": "else"}), "x/else:1")
    cluster.summaries["node-1"] = {"pods": [_counted(name, cpu) for name, cpu in CPU.items()]}
    cluster.after_change = lambda changed: obey(cluster, changed)


def _postgres_pod() -> Document:
    return pod(
        "sentry-postgres-1",
        {"cnpg.io/cluster": "sentry-postgres"},
        image="conformance.local/postgresql:17-trixie",
        annotations={"cnpg.io/operatorVersion": "1.30.0"},
        ownerReferences=owner(CLUSTER),
    )


def _serve(cluster: FakeCluster, workload: Document, image: str) -> None:
    """A workload and its pod; a Deployment's by a ReplicaSet."""
    name, labels = workload["metadata"]["name"], workload["spec"]["template"]["metadata"]["labels"]
    workload["spec"]["template"]["spec"]["containers"][0]["image"] = image
    by = workload
    if workload["kind"] == "Deployment":
        metadata = {"name": f"{name}-5d", "namespace": NAMESPACE, "ownerReferences": owner(workload)}
        by = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}
        cluster.put(by)
    annotations = {}
    if labels.get(LABEL) == "snuba":
        annotations = {"conformance.sentry/provenance": "stand-in", "conformance.sentry/note": "ours"}
    cluster.put(workload, pod(name, dict(labels), image=image, ownerReferences=owner(by), annotations=annotations))


def _counted(name: str, cpu: int) -> Document:
    container = {"name": name, "cpu": {"usageCoreNanoSeconds": cpu}, "memory": {"workingSetBytes": 1000}}
    return {"podRef": {"name": name, "uid": f"uid-{name}"}, "containers": [container]}


def obey(cluster: FakeCluster, changed: Document) -> None:
    """What the controllers would do at once: pods follow replicas, and CloudNativePG its annotation."""
    metadata = changed["metadata"]
    if changed["kind"] == "Cluster":
        hibernated = (metadata.get("annotations") or {}).get("cnpg.io/hibernation") == "on"
        (cluster.remove if hibernated else cluster.put)(_postgres_pod())
        return
    if changed["kind"] not in ("Deployment", "StatefulSet"):
        return
    replicas = changed["spec"]["replicas"]
    counted = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), replicas)
    changed["status"] = {"observedGeneration": metadata["generation"], **counted}
    made = pod(metadata["name"], dict(changed["spec"]["template"]["metadata"]["labels"]))
    (cluster.put if replicas else cluster.remove)(made)
