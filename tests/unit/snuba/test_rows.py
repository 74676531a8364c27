"""Messages to rows: Snuba's rules, one by one, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.embedded.snuba.batches import commit_log, plan
from fixtures.embedded.snuba.rows import Origin, error_row, outcome_row, transaction_row
from fixtures.embedded.snuba.sink import Insert, Statement
from fixtures.embedded.snuba.values import BadMessage
from tests.unit.snuba.samples import NOW, event, message, transaction

ORIGIN = Origin(0, 12, NOW)


def test_an_error_fills_the_columns_that_snuba_fills() -> None:
    row = error_row(event(event_id="0123456789abcdef0123456789abcdef"), ORIGIN)
    expected: dict[str, Any] = {
        "event_id": "01234567-89ab-cdef-0123-456789abcdef",
        "timestamp": "2026-11-23 10:30:15",
        "timestamp_ms": "2026-11-23 10:30:15.250",
        "received": "2026-11-23 10:30:15",
        "offset": 12,
        "retention_days": 30,
        "release": "shop@1.0",
        "environment": "prod",
        "level": "error",
        "dist": None,
        "user": "id:42",
        "user_id": "42",
        "user_email": "ann@example.test",
        "ip_address_v4": "10.0.0.1",
        "ip_address_v6": None,
        "transaction_name": "/cart",
        "http_method": "POST",
        "http_referer": "https://shop.example.test/",
        "trace_id": "a" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12,
        "span_id": 0x00C0FFEE00C0FFEE,
        "trace_sampled": 1,
        "exception_stacks.type": ["ValueError"],
        "exception_stacks.mechanism_handled": [0],
        "exception_frames.lineno": [3],
        "exception_frames.stack_level": [0],
        "modules.name": ["attrs", "requests"],
        "sdk_integrations": ["logging"],
    }
    assert {name: row[name] for name in expected} == expected


def test_tags_are_sorted_and_contexts_flattened() -> None:
    row = error_row(event(), ORIGIN)
    assert row["tags.key"] == ["color", "environment", "level", "sentry:release", "sentry:user", "transaction"]
    contexts = dict(zip(row["contexts.key"], row["contexts.value"], strict=True))
    assert contexts["os.rooted"] == "False"
    assert contexts["os.build"] == "5"
    assert contexts["geo.city"] == "Bonn"
    assert not {"os.type", "os.more"} & set(contexts)


@pytest.mark.parametrize(
    ("given_days", "kept"), [(1, 30), (30, 30), (45, 90), (60, 60), (90, 90), (365, 90), (None, 90)]
)
def test_retention_has_three_values(given_days: int | None, kept: int) -> None:
    assert error_row(event(retention_days=given_days), ORIGIN)["retention_days"] == kept


def test_a_hash_that_is_no_uuid_becomes_its_md5() -> None:
    assert error_row(event(primary_hash="x"), ORIGIN)["primary_hash"] == "9dd4e461-268c-8034-f5c8-564e155c67a6"


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": "short"},
        {"event_id": None},
        {"group_id": "5"},
        {"group_id": -1},
        {"group_id": True},
        {"project_id": 7.5},
        {"message": 3},
        {"primary_hash": None},
        {"data": "text"},
        {"data__type": "transaction"},
    ],
)
def test_a_field_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        error_row(event(**changes), ORIGIN)


def test_a_transaction_has_its_duration_and_status() -> None:
    row = transaction_row(transaction(), ORIGIN)
    assert (row["duration"], row["transaction_status"], row["span_id"]) == (1500, 13, 255)
    assert (row["measurements.key"], row["measurements.value"]) == (["lcp"], [2.5])
    with pytest.raises(BadMessage):
        transaction_row(event(), ORIGIN)


def outcome(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    base = {"timestamp": "2026-11-23T10:30:15.250000Z", "org_id": 1, "project_id": 7, "key_id": 3, "outcome": 1}
    return base | {"reason": "ip-address", "category": 1, "quantity": 2} | changes


def test_outcomes_have_defaults_and_client_reasons_a_fixed_list() -> None:
    row = outcome_row(outcome(quantity=None, category=None), ORIGIN)
    assert (row["quantity"], row["category"], row["reason"]) == (1, 1, "ip-address")
    assert outcome_row(outcome(outcome=5, reason="before_send"), ORIGIN)["reason"] == "before_send"
    assert outcome_row(outcome(outcome=5, reason="my own"), ORIGIN)["reason"] is None
    assert outcome_row(outcome(quantity=2**33), ORIGIN)["quantity64"] == 2**33
    with pytest.raises(BadMessage):
        outcome_row(outcome(timestamp="yesterday"), ORIGIN)


def test_a_batch_keeps_order_around_replacements_and_sets_aside_what_is_unreadable() -> None:
    merge = [
        2,
        "end_merge",
        {"project_id": 7, "previous_group_ids": [5], "new_group_id": 6, "datetime": NOW.isoformat()},
    ]
    start = [2, "start_merge", merge[2]]
    bodies = [event(), b"{", event(), start, merge, event(), [3, "insert", {}], outcome()]
    messages = [message(body, offset) for offset, body in enumerate(bodies[:-1])] + [message(bodies[-1], 0, "outcomes")]
    batch = plan(messages, ("project_id", "group_id"))
    sizes = [len(step.rows) if isinstance(step, Insert) else "merge" for step in batch.steps]
    assert sizes == [2, "merge", 1, 1]
    assert isinstance(batch.steps[1], Statement)
    assert [(each.offset, batch.replacements) for each, _ in batch.dropped] == [(1, 2), (6, 2)]
    assert batch.rows == {"events": 3, "outcomes": 1}


def test_the_commit_log_is_what_sentrys_forwarder_reads() -> None:
    entry = commit_log(message(b"", 41))
    stamp = b"2026-11-23T10:30:15.250000Z"
    assert entry == ("snuba-commit-log", b"events:0:snuba-consumers", b"42", [("orig_message_ts", stamp)])
    assert commit_log(message(b"", 41, "outcomes")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "tags",
    "user",
    "contexts",
    "exception",
    "request",
    "sdk",
    "modules",
    "received",
    "errors",
    "threads",
    "title",
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_event_body_can_stop_the_consumer(body: dict[str, Any]) -> None:
    row = error_row(event(**{f"data__{key}": value for key, value in body.items()}), ORIGIN)
    assert len(row["tags.key"]) == len(row["tags.value"])


@given(JSON)
def test_any_json_is_a_row_or_set_aside(value: object) -> None:
    for topic in ("events", "transactions", "outcomes"):
        batch = plan([message(value, 0, topic)], ())
        assert len(batch.steps) + len(batch.dropped) == 1
