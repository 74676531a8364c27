"""A restricted user judges the platform: every read-only check runs, and nothing in the cluster is changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
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
from reports.models import Report, Verdict

PROJECT = Path(__file__).parents[2]
ACCESS = PROJECT / "manifests" / "access"
LIMIT = 300.0
KINDS = (
    ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob"),
    ("batch/v1", "Job"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "PersistentVolumeClaim"),
    ("networking.k8s.io/v1", "NetworkPolicy"), ("cert-manager.io/v1", "Certificate"),
    ("postgresql.cnpg.io/v1", "Cluster"), ("argoproj.io/v1alpha1", "Application"),
    ("traefik.io/v1alpha1", "IngressRoute"),
)  # fmt: skip


@pytest.fixture
def admin(kept: ClusterSite) -> Iterator[Kube]:
    """The cluster as its administrator."""
    with contextlib.closing(connect(kept.kubeconfig)) as kube:
        yield kube


@pytest.fixture
def target_file(kept: ClusterSite, admin: Kube, tmp_path: Path) -> Path:
    """A target that names a kubeconfig of the restricted account."""
    for role in ("read", "usage"):
        apply_all(admin, kustomize.render(ACCESS / role), timeout=LIMIT)
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


def run(target: Path, folder: Path, *options: str) -> tuple[int, Report]:
    """Judge the platform as a user would, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "suites/", "--stack=existing", f"--target={target}", "-q"]
    command += ["-p", "no:cacheprovider", f"--report-dir={folder}", "--run-id=restricted", *options]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
    )
    report = folder / "restricted" / "report.json"
    assert report.exists(), done.stdout[-2000:]
    return done.returncode, Report.model_validate_json(report.read_text())


def test_a_restricted_user_reads_all_and_changes_nothing(admin: Kube, target_file: Path, tmp_path: Path) -> None:
    before = what_is_wanted(admin)
    code, report = run(target_file, tmp_path)
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
