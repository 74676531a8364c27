"""Events are kept for thirty days: said in the message, in the row and in the table."""

from __future__ import annotations

import datetime
import re

import pytest

from fixtures.clients.clickhouse import ERRORS
from fixtures.clients.kafka_tap import EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench

DAYS = 30
TTL = re.compile(r"TTL\s+timestamp\s*\+\s*toIntervalDay\(retention_days\)", re.IGNORECASE)


@pytest.mark.requirement("ING-013")
def test_a_new_row_is_kept_for_thirty_days(bench: Bench, shared_project: ProjectRef, record: Recorder) -> None:
    """A new event carries 30 days on Kafka and in its row."""
    sender = bench.sender(shared_project)
    event_id = str(sender.event().event_id)
    bench.require_stored(sender, record)
    (row,) = bench.clickhouse.rows([event_id], "retention_days", "timestamp")[event_id]
    message = bench.tap.seen(EVENTS, event_id)[0].value[2]
    record.figure("retention of a new row", int(row.values["retention_days"]), "days")
    assert (message["retention_days"], row.values["retention_days"]) == (DAYS, DAYS)


@pytest.mark.requirement("ING-013")
def test_an_event_from_before_is_not_stored_in_the_past(
    bench: Bench, shared_project: ProjectRef, record: Recorder
) -> None:
    """An event older than the retention is stored as of now, so that it cannot vanish at once."""
    old = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=DAYS + 10)).timestamp()
    sender = bench.sender(shared_project)
    event_id = str(sender.event(timestamp=old).event_id)
    bench.require_stored(sender, record)
    (row,) = bench.clickhouse.rows([event_id], "toUnixTimestamp(timestamp) AS t")[event_id]
    age = datetime.datetime.now(datetime.UTC).timestamp() - float(row.values["t"])
    record.figure("age of the row", round(age), "s")
    assert age < 3600, f"stored with a timestamp {age / 86_400:.1f} days ago"


@pytest.mark.requirement("ING-013")
def test_the_table_drops_rows_by_their_retention(bench: Bench, record: Recorder) -> None:
    """The errors table has a TTL of timestamp plus the row's own retention, in partitions that can be dropped."""
    statement = bench.clickhouse.create_statement(ERRORS)
    record.evidence("definition of the errors table", statement)
    assert TTL.search(statement), statement
    assert re.search(r"PARTITION BY \(retention_days, toMonday\(timestamp\)\)", statement), statement
