"""Every store is run by its operator, and the operators and all that the platform stands on are ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from fixtures.cluster.platform import RESOURCES, WORKLOADS, Platform
from fixtures.cluster_bench import Judge, require_operator, require_seen
from fixtures.evidence import Recorder
from fixtures.kubernetes import conditions
from fixtures.kubernetes.findings import health
from fixtures.kubernetes.judgement import metadata_of
from fixtures.lint.model import Finding, title
from fixtures.verdicts import not_applicable

COLUMNS = ("resource", "state", "reason")
OPERATORS = {
    "postgres": "cloudnative-pg",
    "valkey": "valkey-operator",
    "kafka": "strimzi",
    "clickhouse": "clickhouse-operator",
}
STORES = [
    pytest.param("postgres", marks=pytest.mark.requirement("STO-001")),
    pytest.param("valkey", marks=pytest.mark.requirement("STO-002")),
    pytest.param("clickhouse", marks=pytest.mark.requirement("STO-003")),
    pytest.param("kafka", marks=pytest.mark.requirement("STO-004")),
]


@pytest.mark.parametrize("store", STORES)
def test_a_store_is_run_by_its_operator(
    platform: Platform, record: Recorder, tell_all: Callable[[Iterable[Finding]], None], store: str
) -> None:
    """The store is a resource of its operator, ready as it is wanted now."""
    require_operator(platform, store)
    found = platform.resource(store)
    if found is not None and conditions.judged(found):
        judged = conditions.judge(found)
        record.grid("resource", COLUMNS, [(title(found), judged.state, judged.reason)])
        record.evidence("status", dict(found.get("status") or {}))
    tell_all(health.by_operator(store, found))


@pytest.mark.parametrize("store", STORES)
def test_the_operator_of_a_store_runs(platform: Platform, judge_live: Judge, store: str) -> None:
    """The operator's own workloads are ready: without it nobody looks after the store."""
    require_operator(platform, store)
    namespace = platform.lists.versions.operators[OPERATORS[store]].namespace
    if namespace not in platform.everywhere:
        not_applicable(f"this user may not list what runs in {namespace}: bind manifests/access/read there")
    looked = platform.live(*WORKLOADS, "Pod", namespaces=(namespace,))
    assert any(True for _ in looked.of(*WORKLOADS)), f"no operator runs in {namespace}"
    judge_live(health.all_ready, looked)


@pytest.mark.requirement("OPS-009")
@pytest.mark.parametrize("component", ["cert-manager", "traefik", "argocd"])
def test_what_the_platform_stands_on_is_ready(platform: Platform, judge_live: Judge, component: str) -> None:
    """Every workload beside the component's own is ready."""
    require_seen(platform, component)
    name = platform.name(component)
    assert name is not None, f"nothing that runs {component} can be seen: install it, or name its pods in the target"
    judge_live(health.all_ready, platform.live(*WORKLOADS, "Pod", namespaces=(name.namespace,)))


@pytest.mark.requirement("OPS-009")
def test_every_workload_and_resource_is_ready(platform: Platform, judge_live: Judge, record: Recorder) -> None:
    """Every workload, every Job and every operator's resource of the platform is ready, as it is wanted now."""
    looked = platform.live(*WORKLOADS, "Job", "PersistentVolumeClaim", *RESOURCES, namespaces=platform.around)
    judged = [(one, conditions.judge(one)) for one in looked.documents if conditions.judged(one)]
    record.grid("resources", COLUMNS, [(title(one), found.state, found.reason) for one, found in judged])
    assert metadata_of(looked.documents[0]), "something runs"
    judge_live(health.all_ready, looked)
