"""PostgreSQL is backed up, and the backup restores to a point in time."""

from __future__ import annotations

import pytest

from fixtures.cluster import postgres as databases
from fixtures.cluster.making import made
from fixtures.cluster.platform import Platform
from fixtures.cluster.postgres import Postgres, mark, markers, marks
from fixtures.cluster_bench import Judge
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import health
from fixtures.kubernetes.judgement import status_of
from fixtures.kubernetes.waits import await_gone, await_ready
from fixtures.timeouts import LIMITS

pytestmark = pytest.mark.requirement("STO-006")

BEFORE, AFTER = "before the moment", "after the moment"


def test_backups_are_scheduled(platform: Platform, judge_live: Judge) -> None:
    """A backup is scheduled, and its next run is planned."""
    judge_live(health.all_ready, platform.live("ScheduledBackup"))


@pytest.mark.alone(reason="a second PostgreSQL beside the first takes the memory and the CPU of two cores")
def test_a_backup_restores_to_a_moment(postgres: Postgres, record: Recorder) -> None:
    """Restored to a moment between two rows, a new cluster has the first row and not the second."""
    document = postgres.document()
    plugin = databases.archiver(document)
    assert plugin, "no plugin archives the write-ahead log: nothing could be restored to a moment"
    with markers(postgres), made(postgres.kube, databases.backup_of(document, plugin["name"])) as backup:
        found = await_ready(postgres.kube, [backup], timeout=LIMITS.backup)
        record.evidence("backup", dict(status_of(found[backup])))
        mark(postgres, BEFORE)
        moment = postgres.moment()
        mark(postgres, AFTER)
        postgres.await_archived()
        with made(postgres.kube, databases.restored(document, plugin, moment)) as name:
            await_ready(postgres.kube, [name], timeout=LIMITS.restore)
            there = marks(Postgres(kube=postgres.kube, name=name))
        await_gone(postgres.kube, name.namespace, {"cnpg.io/cluster": name.name}, timeout=LIMITS.stack_end)
    record.evidence("restored", {"moment": moment, "rows": sorted(there)})
    assert BEFORE in there, "a row that was committed before the moment is not there"
    assert AFTER not in there, "a row that was committed after the moment is there"
