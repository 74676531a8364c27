"""The platform is deployed by Argo CD from Git: all of it, in sync, and it stays so."""

from __future__ import annotations

import pytest

from fixtures.cluster import argocd
from fixtures.cluster.platform import RESOURCES, WORKLOADS, Platform
from fixtures.cluster_bench import Judge, require_seen
from fixtures.evidence import Recorder
from fixtures.kubernetes import conditions
from fixtures.kubernetes.findings import gitops
from fixtures.kubernetes.judgement import metadata_of
from fixtures.lint.model import Document
from fixtures.timeouts import LIMITS

COLUMNS = ("application", "state", "reason", "resources")


@pytest.fixture
def deployed(platform: Platform) -> tuple[Document, ...]:
    """The applications of the platform's projects; a core requirement, so that none is a failure."""
    require_seen(platform, argocd.COMPONENT)
    assert platform.name(argocd.COMPONENT), "no Argo CD can be seen: install it, or name its pods in the target"
    found = gitops.platforms(argocd.applications(platform), platform.namespace)
    assert found, f"no application of Argo CD deploys into {platform.namespace}"
    return found


@pytest.mark.requirement("GIT-002")
def test_every_application_is_in_sync_and_stays_so(
    platform: Platform, deployed: tuple[Document, ...], record: Recorder
) -> None:
    """Every application of the platform is Synced with what Git says and Healthy, and stays so."""
    told = [(metadata_of(one)["name"], conditions.judge(one), len(gitops.held(one))) for one in deployed]
    record.grid("applications", COLUMNS, [(name, found.state, found.reason, count) for name, found, count in told])
    argocd.require_steady(
        "every application to be Synced and Healthy", lambda: argocd.unsound(platform), seconds=LIMITS.steady
    )


@pytest.mark.requirement("GIT-001")
@pytest.mark.usefixtures("deployed")
def test_every_workload_comes_from_git(platform: Platform, judge_live: Judge) -> None:
    """Every workload, policy and store of the platform is deployed by an application."""
    looked = platform.live(*WORKLOADS, "CronJob", "Job", *RESOURCES, namespaces=platform.around)
    judge_live(gitops.all_from_git, argocd.beside_applications(platform, looked))


@pytest.mark.requirement("PKI-007", "GIT-001")
@pytest.mark.usefixtures("deployed")
def test_every_certificate_comes_from_git(platform: Platform, judge_live: Judge) -> None:
    """Every Certificate and Issuer of the platform is deployed by an application, like any other resource."""
    looked = platform.live("Certificate", "Issuer")
    assert any(True for _ in looked.of("Certificate")), "the platform has no Certificate"
    judge_live(gitops.all_from_git, argocd.beside_applications(platform, looked))
