"""The rest of what is pure about a cluster: pods as workloads, stores and their operators, use, applications."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from fixtures.kubernetes.findings import certificates, gitops, health, images, live, usage
from fixtures.lint import inventory
from fixtures.lint.rules import budget
from tests.unit.findings.samples import NAMESPACE, SENTRY, Body, Look, named, owned, pod

MEBI = 2**20
CLUSTER = named(
    "postgresql.cnpg.io/v1",
    "Cluster",
    "sentry-postgres",
    spec={"instances": 1},
    status={
        "phase": "Cluster in healthy state",
        "readyInstances": 1,
        "conditions": [{"type": "Ready", "status": "True"}],
    },
)


def test_a_sidecar_and_a_claim_are_counted_with_their_pod() -> None:
    look = Look()
    side = {"name": "side", "image": "x:1", "resources": {"requests": {"cpu": "50m"}}}
    once = {"name": "once", "image": "x:1", "resources": {"requests": {"cpu": "120m"}}}
    look.one("Pod", "web")["spec"]["initContainers"] = [{**side, "restartPolicy": "Always"}, once]
    (web,) = [one for one in inventory.workloads(look.rendered()) if one.name == "web" and one.kind == "Pod"]
    assert [(one.name, one.init) for one in web.containers] == [("once", True), ("main", False), ("side", False)]
    assert (budget.of_containers(web, "cpu"), budget.of_claims(web)) == (Decimal("0.15"), Decimal(20 * 2**30))


def test_pods_of_jobs_and_those_that_ended_do_not_last() -> None:
    look = Look()
    look.add(pod("job", "sentry-worker", ownerReferences=owned("Job", "cleanup")))
    look.one("Pod", "argo")["status"]["phase"] = "Failed"
    kept = live.lasting(look.rendered())
    assert [one["metadata"]["name"] for one in kept.of("Pod")] == ["web", "db"]
    assert kept.find("Certificate", NAMESPACE, "web")


def test_the_rules_about_manifests_judge_what_runs() -> None:
    look = Look()
    look.container("web")["resources"] = {"requests": {"cpu": "2900m", "memory": "128Mi"}}
    seen = look.rendered()
    assert {one.sentence.partition(" are")[0] for one in budget.budget_cpu(seen)} == {"2900m of cpu", "3000m of cpu"}
    assert [one.sentence for one in budget.requests_and_limits(seen)] == ["container main: no limit of memory"]
    missing = [one for one in budget.budget_volumes(seen) if "PostgreSQL" in one.resource]
    assert "0Gi are claimed, the ADR says 20Gi" in missing[0].sentence


def test_a_store_is_judged_by_its_operators_resource() -> None:
    assert list(health.by_operator("postgres", CLUSTER)) == []
    broken = {**CLUSTER, "status": {**CLUSTER["status"], "readyInstances": 0}}
    (found,) = health.by_operator("postgres", broken)
    assert "0 of 1 instances ready" in found.sentence


def test_a_store_without_its_operator_is_found() -> None:
    plain = named("apps/v1", "StatefulSet", "sentry-kafka-dual")
    (found,) = health.by_operator("kafka", plain)
    assert found.sentence == "it runs kafka without the operator Strimzi"
    assert "components.kafka.left_out" in found.next_step
    (other,) = health.by_operator("valkey", CLUSTER)
    assert "without the operator SAP Valkey" in other.sentence


def test_a_store_that_nobody_sees_is_found() -> None:
    (found,) = health.by_operator("clickhouse", None)
    assert found.sentence == "nothing that runs it can be seen"


def test_an_image_table_counts_containers() -> None:
    look = Look()
    look.add(pod("twin", "sentry-web"))
    rows = [row for row in images.table(look.rendered()) if row[0] == SENTRY]
    assert rows == [(SENTRY, "sha256:" + "a" * 12, 2)]


def test_a_certificate_is_judged_at_a_moment() -> None:
    before = datetime.datetime(2098, 11, 1, tzinfo=datetime.UTC)
    between = datetime.datetime(2098, 12, 15, tzinfo=datetime.UTC)
    after = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    counts = [len(list(certificates.current(Look().rendered(), moment))) for moment in (before, between, after)]
    assert counts == [0, 2, 4]


def _summary(**bytes_of: int) -> Body:
    return {
        "pods": [
            {"podRef": {"uid": f"uid-{name}"}, "containers": [{"name": "main", "memory": {"workingSetBytes": size}}]}
            for name, size in bytes_of.items()
        ]
    }


def test_a_container_above_its_limit_is_found() -> None:
    seen = Look().rendered()
    samples = usage.used(list(seen.of("Pod")), [_summary(web=300 * MEBI), _summary(db=10 * MEBI, gone=1)])
    assert [(one.bytes // MEBI, one.limit // MEBI) for one in samples] == [(300, 256), (10, 256)]
    (found,) = usage.over(samples)
    assert found.sentence == "it uses 300 Mi of memory, its limit is 256 Mi"


def test_a_container_without_a_limit_is_above_none() -> None:
    look = Look()
    look.container("web").pop("resources")
    samples = usage.used(list(look.rendered().of("Pod")), [_summary(web=300 * MEBI)])
    assert [one.limit for one in samples] == [0]
    assert list(usage.over(samples)) == []


def test_requests_are_summed_for_all_and_by_component() -> None:
    seen = Look().rendered()
    assert usage.components(seen) == ("argocd", "postgres", "sentry-web")
    assert usage.asked(seen, "cpu", "postgres") == Decimal("0.1")
    assert usage.asked(seen, "memory") == 3 * 128 * MEBI


def test_applications_of_the_platforms_projects_are_known() -> None:
    look = Look()
    argo = Look.application("argo")
    argo["spec"]["destination"]["namespace"] = "argocd"
    argo["status"]["resources"] = []
    other = Look.application("other")
    other["spec"] |= {"project": "default", "destination": {"namespace": "shop"}}
    other["status"]["resources"] = []
    look.add(argo, other)
    found = gitops.platforms(look.rendered(), NAMESPACE)
    assert [one["metadata"]["name"] for one in found] == ["argo", "platform"]


def test_the_application_that_holds_a_resource_is_found() -> None:
    seen = Look().rendered()
    web = seen.find("Deployment", NAMESPACE, "web")
    assert web
    holder = gitops.holder(seen, web)
    assert holder
    assert holder["metadata"]["name"] == "platform"
    assert gitops.holder(seen, {**web, "metadata": {"namespace": "shop", "name": "web"}}) is None


@pytest.mark.parametrize(
    ("last_end", "excused"),
    [
        ({"reason": "Unknown", "exitCode": 255, "finishedAt": "2026-01-02T11:00:00Z"}, True),
        ({"reason": "Completed", "exitCode": 0, "finishedAt": "2026-01-02T11:00:00Z"}, True),
        ({"reason": "Error", "exitCode": 1, "finishedAt": "2026-01-01T11:00:00Z"}, True),
        ({"reason": "Error", "exitCode": 1, "finishedAt": "2026-01-02T11:00:00Z"}, False),
        ({"reason": "Error", "exitCode": 1}, False),
        ({}, False),
    ],
)
def test_a_restart_counts_unless_the_node_did_it_or_it_is_long_ago(last_end: dict[str, Any], *, excused: bool) -> None:
    look = Look()
    look.status("web").update(restartCount=1, lastState={"terminated": last_end})
    moment = datetime.datetime(2026, 1, 2, 12, tzinfo=datetime.UTC)
    assert bool(list(health.restarted(look.rendered(), moment))) != excused
