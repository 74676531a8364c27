"""What a check is given of a platform, and how it ends where the stack has no Kubernetes or leaves an operator out."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import cast

import pytest

from fixtures.cluster import measuring
from fixtures.cluster import platform as looking
from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import require_operator, require_seen
from fixtures.kubernetes import overlays
from fixtures.redaction import MASK, redact
from fixtures.stack import Component, Provenance, Stack, Usage
from fixtures.verdicts import NotApplicable, NotRun
from tests.unit.findings.samples import certificate, named, secret
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import documents, grants
from tests.unit.kubernetes.samples import NAMESPACE, pod
from tests.unit.plugin_project import PLUGINS, Project

pytest_plugins = ["pytester"]

KEY = base64.b64encode(b"a private key of a certificate").decode()


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


def test_the_overlay_is_told_by_the_images_that_run() -> None:
    assert overlays.overlay_of([pod("a"), pod("b", image="conformance.local/sentry:1")]) == "built"
    assert overlays.overlay_of([pod("a", image="ghcr.io/getsentry/sentry:26.8.0")]) == "operators"
    assert overlays.overlay_of([]) == "operators"


def test_a_look_brings_claims_with_pods_and_no_secrets_content(platform: Platform, cluster: FakeCluster) -> None:
    claim = named("v1", "PersistentVolumeClaim", "data", spec={"resources": {"requests": {"storage": "2Gi"}}})
    mine = pod("db")
    mine["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    cluster.put(mine, claim, secret("db-tls", {"tls.key": KEY}))
    seen = platform.live("Pod", "Secret")
    (found,) = seen.of("Pod")
    assert found["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] == "data"
    (kept,) = seen.of("Secret")
    assert KEY not in repr(kept)


def test_secrets_of_certificates_are_read_and_their_keys_are_masked(platform: Platform, cluster: FakeCluster) -> None:
    cluster.put(
        certificate("web"), certificate("gone"), secret("web-tls", {"tls.key": KEY}), secret("other", {"a": KEY})
    )
    seen = platform.certificates_with_secrets()
    assert [one["metadata"]["name"] for one in seen.of("Secret")] == ["web-tls"]
    assert redact(f"it was {KEY}") == f"it was {MASK}"


def test_namespaces_that_may_not_be_read_are_left_out(platform: Platform, cluster: FakeCluster) -> None:
    cluster.grants = grants(documents("read"))
    assert set(platform.everywhere) == {NAMESPACE, "traefik", "cert-manager", "cnpg-system", "argocd"}


def test_every_kind_that_is_looked_at_may_be_read_but_secrets() -> None:
    readable = {
        (group, resource)
        for grant in grants(documents("read"))
        if "resourceNames" not in grant.rule
        for group in grant.rule["apiGroups"]
        for resource in grant.rule["resources"]
    }
    wanted = {(api.rpartition("/")[0], kind.lower()) for kind, api in looking.VERSIONS.items()}
    unread = {
        (group, kind)
        for group, kind in wanted
        if not {(group, f"{kind}s"), (group, f"{kind.removesuffix('y')}ies")} & readable
    }
    assert unread == {("", "secret")}


def test_whoever_may_not_list_all_pods_sees_those_of_known_namespaces(platform: Platform, cluster: FakeCluster) -> None:
    cluster.put(pod("web"), {**pod("far"), "metadata": {"name": "far", "namespace": "shop"}})
    assert [one["metadata"]["name"] for one in platform.everything().of("Pod")] == ["web", "far"]
    cluster.grants = grants(documents("read"))
    assert [one["metadata"]["name"] for one in platform.everything().of("Pod")] == ["web"]


def test_a_component_whose_operator_is_left_out_is_not_run(platform: Platform) -> None:
    left_out = replace(platform, access=replace(platform.access, left_out={"kafka": "no image of it can be built"}))
    with pytest.raises(NotRun, match="no image of it can be built"):
        require_operator(left_out, "kafka")
    require_operator(left_out, "postgres")


def test_a_component_that_may_not_be_looked_at_is_not_applicable(platform: Platform) -> None:
    note = "cannot list Pod in argocd: the user suite may not list pods"
    hidden = Component(name="argocd", version="not seen", provenance=Provenance.REAL, note=note)
    with pytest.raises(NotApplicable, match="may not list pods"):
        require_seen(replace(platform, components={"argocd": hidden}), "argocd")
    require_seen(replace(platform, components={"argocd": replace(hidden, note="no pod of it runs")}), "argocd")


@dataclass
class Counting:
    """A stack whose counters move with the second sample."""

    samples: int = 0

    def usage(self) -> tuple[Usage, ...]:
        self.samples += 1
        seconds = 10.0 if self.samples < 3 else 11.0
        return tuple(
            Usage(component=name, cpu_seconds=seconds, memory_bytes=5, processes=1) for name in ("relay", "snuba")
        )


def test_rates_wait_until_the_counters_have_moved() -> None:
    stack = Counting()
    found = measuring.rates(cast("Stack", stack))
    assert stack.samples == 3
    assert found["relay"].cores > 0
    assert found["snuba"].memory_bytes == 5


CHECKS = """
def test_one(platform):
    "A look at the cluster."
def test_two(postgres):
    "A change to the cluster."
def test_three(answers):
    "A probe in the cluster."
"""
STACK = """
import pytest
from types import SimpleNamespace
pytest_plugins = {plugins!r}
@pytest.fixture(scope="session")
def stack():
    return SimpleNamespace(capabilities=frozenset(), limitation=lambda word: f"this stack has no {{word}}")
"""


def test_without_kubernetes_every_check_is_not_applicable(project: Project) -> None:
    project.pytester.makeconftest(STACK.format(plugins=[*PLUGINS, "fixtures.cluster_bench"]))
    project.checks(CHECKS)
    project.run()
    told = {(check["verdict"], check["reason"]) for check in project.report()["checks"]}
    assert told == {("not-applicable", "this stack has no kubernetes")}
    assert len(project.verdicts()) == 3
