"""PostgreSQL survives the loss of its primary: no committed row is lost, and writes go on within a stated time."""

from __future__ import annotations

import pytest

from fixtures.cluster import argocd, calm
from fixtures.cluster.platform import Platform
from fixtures.cluster.postgres import Postgres, mark, markers, marks
from fixtures.evidence import Recorder
from fixtures.timeouts import LIMITS

pytestmark = [
    pytest.mark.requirement("STO-010"),
    pytest.mark.alone(reason="Sentry loses its database for a moment"),
]
ROWS = tuple(f"row {number}" for number in range(10))


def test_a_crash_of_the_primary_loses_no_committed_row(
    platform: Platform, postgres: Postgres, record: Recorder
) -> None:
    """With the only or the leading instance gone, every row that was committed is there when writes go on."""
    with calm.disturbance(platform, record), markers(postgres):
        mark(postgres, *ROWS)
        seconds = postgres.lose_primary(moved=False)
        record.figure("without a primary, after a crash", round(seconds, 1), "s")
        assert set(ROWS) <= marks(postgres), "committed rows are gone"
        postgres.await_healthy(LIMITS.postgres_back)


def test_a_second_instance_takes_over(platform: Platform, postgres: Postgres, record: Recorder) -> None:
    """With a second instance the loss of the primary is over as soon as the other one takes writes."""
    looked_away = argocd.left_alone(platform, postgres.document())
    with calm.disturbance(platform, record), looked_away, postgres.instances(2):
        with markers(postgres):
            mark(postgres, *ROWS)
            postgres.await_replicated()
            seconds = postgres.lose_primary(moved=True)
            record.figure("without a primary, with a second instance", round(seconds, 1), "s")
            assert set(ROWS) <= marks(postgres), "committed rows are gone"
        postgres.await_healthy(LIMITS.postgres_join)
