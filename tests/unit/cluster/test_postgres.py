"""PostgreSQL in its pods: answers and refusals, the loss of a primary, instances, and what a restore asks for."""

from __future__ import annotations

import contextlib

import pytest

from fixtures.clients.kube import Document, Kube
from fixtures.clients.kube_names import name_of
from fixtures.cluster import postgres
from fixtures.cluster.postgres import Postgres, SqlError
from fixtures.kubernetes import waits
from fixtures.timeouts import Timeouts
from fixtures.waiting import WaitTimeout
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, pod

LABELS = {"cnpg.io/cluster": "sentry-postgres", "cnpg.io/podRole": "instance"}
PLUGIN = {"name": "barman", "isWALArchiver": True, "parameters": {"barmanObjectName": "store"}}


def database(*, instances: int = 1, primary: str = "sentry-postgres-1") -> Document:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "sentry-postgres", "namespace": NAMESPACE},
        "spec": {
            "instances": instances,
            "imageName": "x/postgresql:17",
            "storage": {"size": "20Gi"},
            "plugins": [{"name": "other"}, PLUGIN],
            "bootstrap": {"initdb": {"database": "sentry"}},
        },
        "status": {
            "phase": "Cluster in healthy state",
            "readyInstances": instances,
            "currentPrimary": primary,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "INTERVAL", 0.02)


@pytest.fixture
def running(kube: Kube, cluster: FakeCluster) -> Postgres:
    cluster.put(database(), pod("sentry-postgres-1", LABELS))
    return Postgres(kube=kube, name=name_of(database()))


def test_a_statement_is_asked_inside_of_the_primary(running: Postgres, cluster: FakeCluster) -> None:
    cluster.executed = (b"1\n", b"", {"status": "Success"})
    assert running.ask("SELECT 1") == "1"
    path = cluster.requests[-1][1]
    assert path.endswith("/pods/sentry-postgres-1/exec")


def test_a_refusal_is_told(running: Postgres, cluster: FakeCluster) -> None:
    failed = {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "1"}]}}
    cluster.executed = (b"", b"ERROR:  no such\n  table", failed)
    with pytest.raises(SqlError, match="PostgreSQL refused: ERROR: no such table"):
        running.ask("SELECT 1")


def test_a_cluster_without_a_primary_is_told(running: Postgres, cluster: FakeCluster) -> None:
    cluster.put(database(primary=""))
    with pytest.raises(SqlError, match="the cluster has no primary"):
        running.primary()


def test_a_pod_of_the_same_name_counts_once_it_is_another(running: Postgres, cluster: FakeCluster) -> None:
    def come_back(changed: Document) -> None:
        if changed.get("deleted"):
            again = pod("sentry-postgres-1", LABELS)
            again["metadata"]["uid"] = "another"
            cluster.put(again)

    cluster.after_change = come_back
    assert 0 < running.lose_primary(moved=False) < 5


def test_a_primary_that_does_not_move_is_no_failover(
    running: Postgres, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.after_change = lambda _: cluster.put(pod("sentry-postgres-1", LABELS))
    monkeypatch.setattr(postgres, "LIMITS", Timeouts(failover=0.2))
    with pytest.raises(WaitTimeout, match="sentry-postgres-1 is still the primary"):
        running.lose_primary(moved=True)


def test_instances_are_as_many_as_before_also_after_an_error(running: Postgres, cluster: FakeCluster) -> None:
    def obey(changed: Document) -> None:
        if changed["kind"] == "Cluster":
            wanted = changed["spec"]["instances"]
            changed["status"]["readyInstances"] = wanted
            second = pod("sentry-postgres-2", LABELS)
            (cluster.put if wanted == 2 else cluster.remove)(second)

    cluster.after_change = obey
    with contextlib.suppress(ZeroDivisionError), running.instances(2):
        assert len(running.kube.pods(NAMESPACE, LABELS)) == 2
        raise ZeroDivisionError
    assert running.document()["spec"]["instances"] == 1
    assert len(running.kube.pods(NAMESPACE, LABELS)) == 1


def test_rows_are_told_without_what_is_around_them(running: Postgres, cluster: FakeCluster) -> None:
    cluster.executed = (b"row 1\nrow 2\n", b"", {"status": "Success"})
    assert postgres.marks(running) == {"row 1", "row 2"}
    cluster.executed = (b"\n", b"", {"status": "Success"})
    assert postgres.marks(running) == frozenset()


def test_the_archiver_is_the_plugin_that_takes_the_log() -> None:
    assert postgres.archiver(database()) == PLUGIN
    plain = database()
    plain["spec"].pop("plugins")
    assert postgres.archiver(plain) is None


def test_a_restore_is_a_cluster_of_its_own_that_archives_nowhere() -> None:
    made = postgres.restored(database(instances=3), PLUGIN, "2026-11-23 14:56:37.475169+00")
    assert made["metadata"] == {"name": "sentry-postgres-restored", "namespace": NAMESPACE}
    assert made["spec"] == {
        "imageName": "x/postgresql:17",
        "storage": {"size": "20Gi"},
        "instances": 1,
        "bootstrap": {
            "recovery": {"source": "origin", "recoveryTarget": {"targetTime": "2026-11-23 14:56:37.475169+00"}}
        },
        "externalClusters": [
            {
                "name": "origin",
                "plugin": {
                    "name": "barman",
                    "parameters": {"serverName": "sentry-postgres", "barmanObjectName": "store"},
                },
            }
        ],
    }


def test_a_backup_is_taken_by_the_same_plugin() -> None:
    made = postgres.backup_of(database(), "barman")
    assert made["spec"] == {
        "cluster": {"name": "sentry-postgres"},
        "method": "plugin",
        "pluginConfiguration": {"name": "barman"},
    }
