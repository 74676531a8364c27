"""A restricted user judges the platform: every read-only check runs, and nothing in the cluster is changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures import kustomize
from fixtures.clients.kube import Kube, connect
from fixtures.kind.site import ClusterSite
from fixtures.kind.target import NAMESPACES, describe
from fixtures.kubernetes.account import write_kubeconfig
from fixtures.kubernetes.applying import apply_all
from fixtures.timeouts import LIMITS
from reports.models import Verdict
from tests.kind import judging

PROJECT = Path(__file__).parents[2]
ACCESS = PROJECT / "manifests" / "access"
KINDS = (
    ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob"),
    ("batch/v1", "Job"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "PersistentVolumeClaim"),
    ("networking.k8s.io/v1", "NetworkPolicy"), ("cert-manager.io/v1", "Certificate"),
    ("postgresql.cnpg.io/v1", "Cluster"), ("argoproj.io/v1alpha1", "Application"),
    ("traefik.io/v1alpha1", "IngressRoute"),
)  # fmt: skip


@pytest.fixture
def target_file(kept: ClusterSite, admin: Kube, tmp_path: Path) -> Path:
    """A target that names a kubeconfig of the restricted account."""
    for role in ("read", "usage"):
        apply_all(admin, kustomize.render(ACCESS / role), timeout=LIMITS.http)
    description = describe(kept)
    description["cluster"] = {"kubeconfig": str(write_kubeconfig(admin, tmp_path / "kubeconfig"))}
    file = tmp_path / "target.yaml"
    file.write_text(yaml.safe_dump(description))
    return file


def what_is_wanted(kube: Kube) -> Mapping[str, str]:
    """A digest of what somebody may change of each resource: all but its status and its bookkeeping."""
    found: dict[str, str] = {}
    for api_version, kind in KINDS:
        for namespace in NAMESPACES:
            for document in kube.list_of(api_version, kind, namespace=namespace):
                found[f"{kind} {namespace}/{document['metadata']['name']}"] = _digest(document)
    return found


def _digest(document: Mapping[str, Any]) -> str:
    metadata = {key: document["metadata"].get(key) for key in ("labels", "name")}
    wanted = {key: value for key, value in document.items() if key not in ("metadata", "status")}
    return hashlib.sha256(json.dumps([metadata, wanted], sort_keys=True).encode()).hexdigest()


def test_a_restricted_user_reads_all_and_changes_nothing(admin: Kube, target_file: Path, tmp_path: Path) -> None:
    before = what_is_wanted(admin)
    code, report = judging.run(target_file, tmp_path)
    reasons = {check.id: check.reason for check in report.checks if check.verdict in (Verdict.FAIL, Verdict.UNKNOWN)}
    assert (code, reasons) == (0, {})
    assert what_is_wanted(admin) == before
    changing = [check for check in report.checks if "needs --allow-changes" in check.reason]
    judged = [check for check in report.checks if check.verdict is Verdict.PASS and "manifests" not in check.id]
    assert len(changing) > 200
    assert len(judged) > 20
    assert report.stack.kind == "existing"


def test_the_restricted_user_may_change_nothing(kept: ClusterSite, target_file: Path) -> None:
    account = yaml.safe_load(target_file.read_text())["cluster"]["kubeconfig"]
    with contextlib.closing(connect(Path(account))) as kube:
        allowed = [
            f"{verb} {resource}"
            for verb in ("create", "update", "patch", "delete")
            for resource in ("pods", "secrets", "configmaps", "services", "pods/exec")
            if kube.may(verb, resource, namespace="sentry-system")
        ]
        assert not kube.may("get", "secrets", namespace="sentry-system", name="sentry-ca-tls")
    assert allowed == []
    assert kept.content
