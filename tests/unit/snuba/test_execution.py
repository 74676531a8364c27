"""Queries as Sentry asks them, run on a handful of rows: the numbers, not only the SQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.unit.snuba.conftest import Store
from tests.unit.snuba.samples import NOW, event, message, transaction

LATER = (NOW + dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def tags(color: str, user: str) -> list[list[str]]:
    return [["level", "error"], ["environment", "prod"], ["color", color], *([["sentry:user", user]] if user else [])]


@pytest.fixture(scope="module")
def filled(engine_store: Store) -> Store:
    """Four errors in two groups, one of them sent twice, one handled; one transaction; five outcomes."""
    handled = {"values": [{"type": "KeyError", "value": "k", "mechanism": {"type": "generic", "handled": True}}]}
    first = event(event_id="0" * 31 + "1", data__tags=tags("red", "id:1"))
    bodies = [
        first,
        first,
        event(event_id="0" * 31 + "2", data__tags=tags("red", "id:2")),
        event(event_id="0" * 31 + "3", data__tags=tags("blue", "id:2"), datetime=LATER),
        event(event_id="0" * 31 + "4", group_id=6, data__tags=tags("blue", ""), data__exception=handled),
        event(project_id=8),
    ]
    outcome = {
        "timestamp": NOW.isoformat(),
        "org_id": 1,
        "project_id": 7,
        "outcome": 1,
        "reason": "localhost",
        "category": 1,
    }
    outcomes: list[dict[str, Any]] = [outcome, {**outcome, "quantity": 4}, {**outcome, "outcome": 0, "reason": None}]
    messages = [message(body, offset) for offset, body in enumerate(bodies)]
    messages.append(message(transaction(), 0, "transactions"))
    messages += [message(body, offset, "outcomes") for offset, body in enumerate(outcomes)]
    engine_store.empty()
    engine_store.consume(messages)
    return engine_store


def test_a_row_is_told_as_snuba_tells_it(filled: Store) -> None:
    result = filled.result(
        f"MATCH (events) SELECT event_id, group_id, timestamp, trace_id, span_id, user, ip_address,"
        f" tags[sentry:release] WHERE project_id = 8 AND timestamp >= toDateTime('{NOW:%Y-%m-%dT%H:%M:%S.%f}') LIMIT 1"
    )
    (row,) = result["data"]
    assert len(row.pop("event_id")) == 32
    assert row == {
        "group_id": 5,
        "timestamp": "2026-11-23T10:30:15+00:00",
        "trace_id": "a" * 32,
        "span_id": "00c0ffee00c0ffee",
        "user": "id:42",
        "ip_address": "10.0.0.1",
        "tags[sentry:release]": "shop@1.0",
    }
    assert [column["name"] for column in result["meta"]][:3] == ["event_id", "group_id", "timestamp"]


def test_an_event_sent_twice_counts_once(filled: Store) -> None:
    assert filled.ask("MATCH (events) SELECT count() AS `n` WHERE project_id = 7") == [{"n": 4}]


def test_the_issue_list(filled: Store) -> None:
    result = filled.result(
        "MATCH (events SAMPLE 1.0) SELECT count() AS `times_seen`, uniq(tags[sentry:user]) AS `user_count`,"
        " multiply(toUInt64(max(timestamp)), 1000) AS `last_seen`, uniq(group_id) AS `total` BY group_id"
        " WHERE project_id IN tuple(7) AND group_id IN tuple(5, 6) HAVING last_seen > 0"
        " ORDER BY last_seen DESC, group_id ASC LIMIT 150 TOTALS True"
    )
    last = int(NOW.timestamp()) * 1000
    assert result["data"] == [
        {"group_id": 5, "times_seen": 3, "user_count": 2, "last_seen": last + 3_600_000, "total": 1},
        {"group_id": 6, "times_seen": 1, "user_count": 0, "last_seen": last, "total": 1},
    ]
    assert result["totals"]["total"] == 2


def test_totals_of_no_rows_are_told(filled: Store) -> None:
    result = filled.result("MATCH (events) SELECT count() AS `n` BY platform WHERE project_id = 99 TOTALS True")
    assert (result["data"], result["totals"]["n"]) == ([], 0)


def test_tag_keys_and_their_top_values(filled: Store) -> None:
    keys = filled.ask("MATCH (events) SELECT uniq(tags_value) AS `v`, count() AS `n` BY tags_key WHERE project_id = 7")
    assert {row["tags_key"]: (row["v"], row["n"]) for row in keys} == {
        "level": (1, 4),
        "environment": (1, 4),
        "color": (2, 4),
        "sentry:user": (2, 3),
    }
    top = filled.ask(
        "MATCH (events) SELECT count() AS `n`, min(timestamp) AS `first` BY tags_key, tags_value WHERE project_id = 7"
        " AND tags_key IN tuple('color') ORDER BY n DESC, tags_value ASC LIMIT 1 BY tags_key LIMIT 10"
    )
    assert [(row["tags_value"], row["n"], row["first"]) for row in top] == [("blue", 2, "2026-11-23T10:30:15+00:00")]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("tags[color] = 'red'", 2),
        ("tags[color] IN tuple('red', 'blue')", 4),
        ("tags[nothing] = ''", 4),
        ("isNull(tags[sentry:user]) = 1", 1),
        ("notHandled() = 1", 3),
        ("isHandled() = 1", 1),
        ("has(exception_stacks.type, 'KeyError') = 1", 1),
        ("exception_stacks.type = 'KeyError'", 1),
        ("exception_stacks.type != 'KeyError'", 3),
        ("exception_stacks.type IN tuple('KeyError', 'ValueError')", 4),
        ("exception_stacks.value LIKE '%a%'", 3),
        ("exception_frames.module = 'x'", 0),
        ("exception_frames.module != 'x'", 4),
        ("nullif(tags[color], 'red') = 'blue'", 2),
        ("positionCaseInsensitive(message, 'VALUEERROR') != 0", 4),
        ("environment IN tuple('prod', 'dev')", 4),
        ("event_id = '00000000000000000000000000000002'", 1),
        ("event_id = '00000000-0000-0000-0000-000000000002'", 1),
        ("event_id = 'nonsense'", 0),
        ("primary_hash IN tuple('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')", 4),
        ("timestamp > toDateTime('2026-11-23T10:30:15')", 1),
        ("title LIKE '%ad'", 4),
        ("contexts[os.name] = 'Linux'", 4),
        ("type != 'transaction'", 4),
        ("(tags[color] = 'red' OR group_id = 6)", 3),
        ("coalesce(user_email, user_id) = 'ann@example.test'", 4),
    ],
)
def test_conditions_count(filled: Store, condition: str, count: int) -> None:
    snql = f"MATCH (events) SELECT count() AS `n` WHERE project_id = 7 AND {condition}"
    assert filled.ask(snql) == [{"n": count}]


def test_time_buckets_are_told_in_utc(filled: Store) -> None:
    query = "MATCH (events) SELECT count() AS `n` BY time WHERE project_id = 7 ORDER BY time ASC GRANULARITY {}"
    assert filled.ask(query.format(3600)) == [
        {"time": "2026-11-23T10:00:00+00:00", "n": 3},
        {"time": "2026-11-23T11:00:00+00:00", "n": 1},
    ]
    assert filled.ask(query.format(86400)) == [{"time": "2026-11-23T00:00:00+00:00", "n": 4}]
    assert filled.ask(query.format(900))[0]["time"] == "2026-11-23T10:30:00+00:00"


def test_discover_sees_errors_and_transactions(filled: Store) -> None:
    query = "MATCH (discover) SELECT count() AS `n` BY type WHERE project_id = 7 ORDER BY type ASC"
    assert filled.ask(query) == [{"type": "error", "n": 4}, {"type": "transaction", "n": 1}]
    slow = "max(duration) AS `d`, failure_rate() AS `f`, apdex(duration, 300) AS `a`"
    assert filled.ask(f"MATCH (discover) SELECT {slow} WHERE project_id = 7") == [{"d": 1500, "f": 1, "a": 0}]


def test_measurements_are_null_when_missing(filled: Store) -> None:
    found = filled.ask(
        "MATCH (transactions) SELECT measurements[lcp], measurements[x], transaction WHERE project_id = 7"
    )
    assert found == [{"measurements[lcp]": 2.5, "measurements[x]": None, "transaction": "/cart"}]


@pytest.mark.parametrize("entity", ["outcomes", "outcomes_raw"])
def test_outcomes_add_up_by_the_hour_and_raw(filled: Store, entity: str) -> None:
    found = filled.ask(
        f"MATCH ({entity}) SELECT sum(quantity) AS `quantity` BY outcome, time"
        " WHERE org_id = 1 AND project_id IN tuple(7) AND timestamp >= toDateTime('2026-11-23T00:00:00') "
        " AND timestamp < toDateTime('2026-11-24T00:00:00')"
        " ORDER BY outcome ASC GRANULARITY 3600"
    )
    hour = "2026-11-23T10:00:00+00:00"
    assert found == [{"outcome": 0, "time": hour, "quantity": 1}, {"outcome": 1, "time": hour, "quantity": 5}]


def test_search_issues_is_a_real_table_without_rows(filled: Store) -> None:
    query = "MATCH (search_issues) SELECT group_id, count() AS `n` BY group_id WHERE project_id = 7"
    assert filled.ask(f"{query} AND timestamp > toDateTime('2026-11-01')") == []


def test_priority_sort_as_sentry_writes_it(filled: Store) -> None:
    score = (
        "multiply(greatest(0.01, sum(divide(divide(plus(plus(multiply(multiIf(equals(level, 'fatal'), 1.0,"
        " equals(level, 'error'), 0.66, 0.0), 0), multiply(if(notEmpty(exception_stacks.type), 1.0, 0.0), 3)), 1),"
        " plus(plus(0, 3), 1)), pow(2, least(16, divide(divide(now() - timestamp, 3600), 4)))))), 1)"
    )
    query = f"MATCH (events) SELECT {score} AS `priority` BY group_id WHERE project_id = 7 ORDER BY group_id ASC"
    assert [row["priority"] > 0 for row in filled.ask(query)] == [True, True]
