"""When each kind is ready, not yet, stuck or failed: one row a rule, from documents as the API returns them."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.errors import BadInput
from fixtures.kubernetes import conditions
from fixtures.kubernetes.judgement import State
from tests.unit.kubernetes.samples import deployment, pod

READY, WAITING, STUCK, FAILED = State.READY, State.WAITING, State.STUCK, State.FAILED
Row = tuple[str, str, dict[str, Any], State, str]
OLD: dict[str, Any] = {"observedGeneration": 1}
CURRENT: dict[str, Any] = {"observedGeneration": 2}


def _condition(kind: str, status: str = "True", reason: str = "R", **more: object) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": "M", **more}


def _conditions(*listed: dict[str, Any], **status: object) -> dict[str, Any]:
    return {"status": {"conditions": list(listed), **status}}


def _resource(api_version: str, kind: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a document
    metadata = {"name": "x", "generation": 2, **parts.pop("metadata", {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _cluster(phase: str, up: int = 1, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a document
    status = {"phase": phase, "readyInstances": up, "conditions": [_condition("Ready", reason="ClusterIsReady")]}
    return {"spec": {"instances": 1}, "status": status, **more}


def _container(reason: str, restarts: int = 0) -> dict[str, Any]:
    ended = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    return {
        "name": "c",
        "restartCount": restarts,
        "lastState": ended,
        "state": {"waiting": {"reason": reason, "message": "m"}},
    }


HEALTHY = "Cluster in healthy state"
SOURCE = {"repoURL": "git://git/manifests.git", "path": "kafka", "targetRevision": "main"}
SYNCED = {"status": "Synced", "comparedTo": {"source": SOURCE}}

ROWS: tuple[Row, ...] = (
    # cert-manager
    ("cert-manager.io/v1", "Certificate", _conditions(_condition("Ready", **CURRENT)), READY, "R: M"),
    ("cert-manager.io/v1", "Certificate", _conditions(_condition("Ready", **OLD)), WAITING, "generation 1, and 2"),
    ("cert-manager.io/v1", "Certificate", {}, WAITING, "no condition yet"),
    (
        "cert-manager.io/v1",
        "Certificate",
        _conditions(_condition("Ready", **CURRENT), _condition("Issuing", reason="ManuallyTriggered")),
        WAITING,
        "being issued anew: ManuallyTriggered",
    ),
    (
        "cert-manager.io/v1",
        "Certificate",
        _conditions(_condition("Ready", "False"), _condition("Issuing", "False", "Denied"), failedIssuanceAttempts=2),
        STUCK,
        "2 failed attempts: Denied: M",
    ),
    ("cert-manager.io/v1", "CertificateRequest", _conditions(_condition("Denied")), FAILED, "R: M"),
    ("cert-manager.io/v1", "CertificateRequest", _conditions(_condition("Ready", "False", "Failed")), FAILED, "Failed"),
    ("cert-manager.io/v1", "CertificateRequest", _conditions(_condition("Ready", "False", "Pending")), WAITING, "Pen"),
    ("cert-manager.io/v1", "Issuer", _conditions(_condition("Ready", "False", "ErrGetKeyPair")), WAITING, "ErrGetKeyP"),
    ("cert-manager.io/v1", "ClusterIssuer", _conditions(_condition("Ready")), READY, "R: M"),
    # CloudNativePG
    ("postgresql.cnpg.io/v1", "Cluster", _cluster(HEALTHY), READY, "ClusterIsReady"),
    ("postgresql.cnpg.io/v1", "Cluster", _cluster(HEALTHY, 0), WAITING, "0 of 1 instances ready"),
    ("postgresql.cnpg.io/v1", "Cluster", _cluster("Setting up primary"), WAITING, "Setting up primary"),
    ("postgresql.cnpg.io/v1", "Cluster", _cluster("Invalid cluster definition"), STUCK, "Invalid cluster definition"),
    (
        "postgresql.cnpg.io/v1",
        "Cluster",
        _cluster(HEALTHY, metadata={"annotations": {"cnpg.io/hibernation": "on"}}),
        WAITING,
        "hibernated",
    ),
    ("postgresql.cnpg.io/v1", "Backup", {"status": {"phase": "completed", "backupId": "b"}}, READY, "completed b"),
    ("postgresql.cnpg.io/v1", "Backup", {"status": {"phase": "failed", "error": "no\nS3"}}, FAILED, "failed: no S3"),
    ("postgresql.cnpg.io/v1", "Backup", {"status": {"phase": "walArchivingFailing"}}, STUCK, "walArchivingFailing"),
    ("postgresql.cnpg.io/v1", "Backup", {}, WAITING, "not started"),
    ("postgresql.cnpg.io/v1", "ScheduledBackup", {"status": {"nextScheduleTime": "t"}}, READY, "next at t"),
    ("postgresql.cnpg.io/v1", "ScheduledBackup", {"spec": {"suspend": True}}, WAITING, "suspended"),
    ("postgresql.cnpg.io/v1", "Pooler", {"spec": {"instances": 2}, "status": {"instances": 1}}, WAITING, "1 of 2"),
    # Strimzi
    ("kafka.strimzi.io/v1", "Kafka", _conditions(_condition("Ready"), **CURRENT), READY, "R: M"),
    ("kafka.strimzi.io/v1", "Kafka", _conditions(_condition("Ready")), WAITING, "has not looked at it yet"),
    ("kafka.strimzi.io/v1", "KafkaTopic", _conditions(_condition("Ready"), **OLD), WAITING, "generation 1, and 2"),
    ("kafka.strimzi.io/v1", "KafkaUser", _conditions(_condition("NotReady"), **CURRENT), STUCK, "R: M"),
    (
        "kafka.strimzi.io/v1",
        "Kafka",
        _conditions(_condition("NotReady", reason="Creating"), **CURRENT),
        WAITING,
        "Creating",
    ),
    ("kafka.strimzi.io/v1", "Kafka", _conditions(_condition("ReconciliationPaused"), **CURRENT), WAITING, "paused"),
    (
        "kafka.strimzi.io/v1",
        "KafkaNodePool",
        {"spec": {"replicas": 1}, "status": {"nodeIds": [0], **CURRENT}},
        READY,
        "1 nodes",
    ),
    ("kafka.strimzi.io/v1", "KafkaNodePool", {"spec": {"replicas": 1}, "status": CURRENT}, WAITING, "0 of 1 nodes"),
    (
        "core.strimzi.io/v1",
        "StrimziPodSet",
        {"status": {"pods": 1, "currentPods": 1, "readyPods": 0, **CURRENT}},
        WAITING,
        "0 of 1 readyPods",
    ),
    # Altinity
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"status": {"status": "Completed", "hosts": 1}},
        READY,
        "Completed, 1 hosts",
    ),
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"status": {"status": "Completed", "generation": 1}},
        WAITING,
        "generation 1, and 2",
    ),
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"status": {"status": "InProgress", "hosts": 2, "hostsCompleted": 1}},
        WAITING,
        "InProgress, 1 of 2 hosts",
    ),
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"status": {"status": "Aborted", "error": "e"}},
        STUCK,
        "Aborted: e",
    ),
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"status": {"status": "Completed", "errors": ["e"]}},
        STUCK,
        "Completed with errors: e",
    ),
    (
        "clickhouse.altinity.com/v1",
        "ClickHouseInstallation",
        {"spec": {"stop": "yes"}, "status": {"status": "Completed"}},
        WAITING,
        "stopped",
    ),
    # SAP
    ("cache.cs.sap.com/v1alpha1", "Valkey", _conditions(_condition("Ready"), state="Ready", **CURRENT), READY, "R: M"),
    ("cache.cs.sap.com/v1alpha1", "Valkey", _conditions(_condition("Ready"), state="Ready", **OLD), WAITING, "generat"),
    ("cache.cs.sap.com/v1alpha1", "Valkey", _conditions(state="Error", **CURRENT), STUCK, "Error: no condition"),
    # Argo CD
    (
        "argoproj.io/v1alpha1",
        "Application",
        {"spec": {"source": SOURCE}, "status": {"sync": SYNCED, "health": {"status": "Healthy"}}},
        READY,
        "Synced, Healthy",
    ),
    (
        "argoproj.io/v1alpha1",
        "Application",
        {
            "spec": {"source": {**SOURCE, "targetRevision": "next"}},
            "status": {"sync": SYNCED, "health": {"status": "Healthy"}},
        },
        WAITING,
        "not compared",
    ),
    (
        "argoproj.io/v1alpha1",
        "Application",
        {"spec": {"source": SOURCE}, "status": {"sync": SYNCED, "health": {"status": "Progressing", "message": "2/3"}}},
        WAITING,
        "Progressing: 2/3",
    ),
    ("argoproj.io/v1alpha1", "Application", _conditions(_condition("ComparisonError")), STUCK, "ComparisonError: M"),
    (
        "argoproj.io/v1alpha1",
        "Application",
        {"status": {"operationState": {"phase": "Failed", "message": "refused"}}},
        STUCK,
        "Failed: refused",
    ),
    # Kubernetes itself
    ("batch/v1", "Job", _conditions(_condition("Complete")), READY, "R: M"),
    ("batch/v1", "Job", _conditions(_condition("Failed", reason="BackoffLimitExceeded")), FAILED, "BackoffLimitExc"),
    ("batch/v1", "Job", {"status": {"active": 1, "failed": 2}}, WAITING, "1 active, 2 failed"),
    ("batch/v1", "Job", _conditions(_condition("Suspended")), WAITING, "suspended"),
    ("batch/v1", "CronJob", {"status": {"lastSuccessfulTime": "t", "lastScheduleTime": "t"}}, READY, "at t"),
    ("batch/v1", "CronJob", {"status": {"lastScheduleTime": "t"}}, WAITING, "has not succeeded"),
    ("batch/v1", "CronJob", {}, WAITING, "never ran"),
    ("v1", "PersistentVolumeClaim", {"status": {"phase": "Bound"}}, READY, "bound"),
    ("v1", "PersistentVolumeClaim", {"status": {"phase": "Lost"}}, FAILED, "lost"),
    ("v1", "PersistentVolumeClaim", {}, WAITING, "Pending"),
    ("v1", "Namespace", {"status": {"phase": "Terminating"}}, WAITING, "Terminating"),
    ("v1", "Node", _conditions(_condition("Ready", reason="KubeletReady")), READY, "KubeletReady"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", _conditions(_condition("Established")), READY, "R"),
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        _conditions(_condition("NamesAccepted", "False")),
        STUCK,
        "R",
    ),
    ("apiregistration.k8s.io/v1", "APIService", _conditions(_condition("Available", "False")), WAITING, "R: M"),
    # Pods
    ("v1", "Pod", {"status": {"phase": "Succeeded"}}, READY, "to its end"),
    ("v1", "Pod", {"status": {"phase": "Failed", "reason": "Evicted", "message": "disk"}}, FAILED, "Evicted: disk"),
    ("v1", "Pod", {"status": {"containerStatuses": [_container("ErrImagePull")]}}, STUCK, "container c: ErrImagePull"),
    ("v1", "Pod", {"status": {"initContainerStatuses": [_container("ImagePullBackOff")]}}, STUCK, "ImagePullBackOff"),
    ("v1", "Pod", {"status": {"containerStatuses": [_container("CreateContainerConfigError")]}}, STUCK, "ConfigError"),
    ("v1", "Pod", {"status": {"containerStatuses": [_container("CrashLoopBackOff", 1)]}}, WAITING, "1 restarts"),
    (
        "v1",
        "Pod",
        {"status": {"containerStatuses": [_container("CrashLoopBackOff", 3)]}},
        STUCK,
        "3 restarts, the last end OOMKilled with exit code 137",
    ),
    (
        "v1",
        "Pod",
        _conditions(_condition("PodScheduled", "False", "Unschedulable"), phase="Pending"),
        WAITING,
        "Unschedulable: M",
    ),
    ("v1", "Pod", _conditions(_condition("Ready", "False", "ContainersNotReady")), WAITING, "ContainersNotReady"),
    ("v1", "Pod", {"metadata": {"deletionTimestamp": "t"}, "status": {"phase": "Running"}}, WAITING, "deleted"),
)


@pytest.mark.parametrize(("api_version", "kind", "parts", "state", "reason"), ROWS)
def test_a_resource_is_judged(api_version: str, kind: str, parts: dict[str, Any], state: State, reason: str) -> None:
    found = conditions.judge(_resource(api_version, kind, **parts))
    assert (found.state, reason in found.reason) == (state, True), f"{found.state}: {found.reason}"


def test_every_rule_has_a_row_for_ready_or_is_shared() -> None:
    judged = {(api_version.rpartition("/")[0], kind) for api_version, kind, *_ in ROWS}
    workloads = {("apps", kind) for kind in ("Deployment", "StatefulSet", "DaemonSet")}
    keeper = {("clickhouse-keeper.altinity.com", "ClickHouseKeeperInstallation")}
    assert set(conditions.RULES) == judged | workloads | keeper
    assert (
        conditions.RULES[keeper.copy().pop()] is conditions.RULES["clickhouse.altinity.com", "ClickHouseInstallation"]
    )


WORKLOADS: tuple[tuple[str, dict[str, Any], State, str], ...] = (
    ("Deployment", {}, READY, "2 available"),
    ("StatefulSet", {}, READY, "2 ready"),
    ("Deployment", {"observedGeneration": 0}, WAITING, "generation 0, and 1"),
    ("StatefulSet", {"observedGeneration": None}, WAITING, "has not looked"),
    ("Deployment", {"availableReplicas": 1}, WAITING, "1 of 2 available"),
    ("StatefulSet", {"readyReplicas": 1}, WAITING, "1 of 2 ready"),
    ("Deployment", {"updatedReplicas": 1}, WAITING, "1 of 2 updated"),
    ("Deployment", {"replicas": 3}, WAITING, "pods of the older version"),
    ("StatefulSet", {"currentRevision": "a", "updateRevision": "b"}, WAITING, "pods of the older version"),
    (
        "Deployment",
        {"availableReplicas": 0, "conditions": [_condition("Progressing", "False", "ProgressDeadlineExceeded")]},
        STUCK,
        "ProgressDeadlineExceeded",
    ),
    (
        "Deployment",
        {"conditions": [_condition("ReplicaFailure", reason="FailedCreate", message="exceeded quota")]},
        STUCK,
        "exceeded quota",
    ),
)


@pytest.mark.parametrize(("kind", "status", "state", "reason"), WORKLOADS)
def test_a_workload_is_judged(kind: str, status: dict[str, Any], state: State, reason: str) -> None:
    document = deployment("x", {"app": "x"}, replicas=2, kind=kind)
    document["status"].update(status)
    found = conditions.judge(document)
    assert (found.state, reason in found.reason) == (state, True), f"{found.state}: {found.reason}"


def test_a_workload_without_replicas_is_not_ready() -> None:
    found = conditions.judge(deployment("x", {}, replicas=0))
    assert (found.state, found.reason) == (WAITING, "it is scaled to 0")


def test_a_stateful_set_that_updates_on_delete_may_run_an_older_version() -> None:
    document = deployment("x", {}, kind="StatefulSet")
    document["spec"]["updateStrategy"] = {"type": "OnDelete"}
    document["status"].update(updatedReplicas=0, currentRevision="a", updateRevision="b")
    assert conditions.judge(document).ready


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1}, READY),
        ({"desiredNumberScheduled": 1, "updatedNumberScheduled": 1}, WAITING),
        ({"desiredNumberScheduled": 1, "numberAvailable": 1}, WAITING),
        ({"desiredNumberScheduled": 0}, WAITING),
    ],
)
def test_a_daemon_set_is_judged(status: dict[str, int], state: State) -> None:
    document = _resource("apps/v1", "DaemonSet", status={**status, **CURRENT})
    assert conditions.judge(document).state is state
    document["status"]["observedGeneration"] = 1
    assert conditions.judge(document).state is WAITING


def test_a_running_pod_is_ready() -> None:
    assert conditions.judge(pod("p")).ready


def test_existence_alone_is_no_readiness() -> None:
    service = _resource("v1", "Service")
    assert not conditions.judged(service)
    with pytest.raises(BadInput, match="no rule says when a Service of v1 is ready"):
        conditions.judge(service)
