"""The Kafka tap must find messages by id, tell copies apart, forget the oldest, and never hide that it broke."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict

import msgpack
import pytest

from fixtures.clients import kafka_tap
from fixtures.clients.kafka import Position, describe, total_lag
from fixtures.clients.kafka_tap import (
    EVENTS,
    INGEST_ATTACHMENTS,
    INGEST_EVENTS,
    OUTCOMES,
    KafkaTap,
    Message,
    decode,
    identity,
)
from fixtures.errors import SuiteError
from fixtures.waiting import WaitTimeout

ID = "0123456789abcdef0123456789abcdef"


def message(topic: str, value: object, offset: int = 0) -> Message:
    content = msgpack.packb(value) if topic in kafka_tap.MSGPACK else json.dumps(value).encode()
    return Message(topic=topic, partition=0, offset=offset, seen=1.0, key=None, value=decode(topic, content))


def ingest(event_id: str, offset: int = 0) -> Message:
    payload = json.dumps({"message": event_id}).encode()
    value = {"type": "event", "event_id": event_id, "project_id": 7, "payload": payload}
    return message(INGEST_EVENTS, value, offset)


def insert(event_id: str) -> Message:
    return message(EVENTS, [2, "insert", {"event_id": event_id, "project_id": 7, "data": {"type": "error"}}, {}])


@pytest.fixture
def tap() -> KafkaTap:
    """A tap without a broker: only its memory."""
    made = object.__new__(KafkaTap)
    made._keep, made._count, made._failure = 5, 0, None
    made._index, made._lock = OrderedDict(), threading.Lock()
    made.starts = {(topic, 0): 10 for topic in (INGEST_EVENTS, EVENTS, OUTCOMES)}
    return made


def test_messages_are_found_by_topic_and_id_with_copies(tap: KafkaTap) -> None:
    for one in (ingest(ID), ingest(ID, 1), insert(ID), ingest("f" * 32, 2)):
        tap.remember(one)
    assert [m.offset for m in tap.seen(INGEST_EVENTS, ID)] == [0, 1]
    assert tap.seen(INGEST_EVENTS, ID)[0].event == {"message": ID}
    assert tap.seen(EVENTS, ID)[0].event == {"type": "error"}
    assert tap.seen(EVENTS, "f" * 32) == ()


def test_outcomes_and_replacements_are_found_by_project(tap: KafkaTap) -> None:
    tap.remember(message(OUTCOMES, {"outcome": 3, "project_id": 7, "event_id": ID}))
    tap.remember(message(EVENTS, [2, "end_delete_groups", {"project_id": 7, "group_ids": [1]}]))
    assert tap.of_project(OUTCOMES, 7)[0].value["outcome"] == 3
    assert tap.of_project(EVENTS, 7)[0].value[1] == "end_delete_groups"
    assert tap.seen(EVENTS, "") == ()


def test_memory_is_bounded_and_the_oldest_go_first(tap: KafkaTap) -> None:
    ids = [f"{number:032x}" for number in range(9)]
    for event_id in ids:
        tap.remember(ingest(event_id))
    assert [bool(tap.seen(INGEST_EVENTS, event_id)) for event_id in ids] == [False] * 4 + [True] * 5


def test_a_broken_tap_and_a_missing_topic_are_errors_not_absence(tap: KafkaTap) -> None:
    with pytest.raises(SuiteError, match="does not exist"):
        tap.seen(INGEST_ATTACHMENTS, ID)
    tap._failure = "broker gone"
    with pytest.raises(SuiteError, match="broker gone"):
        tap.seen(INGEST_EVENTS, ID)


def test_waiting_names_the_topic_and_its_start(tap: KafkaTap) -> None:
    with pytest.raises(WaitTimeout, match="no message about it on events since partition 0 offset 10"):
        tap.wait(EVENTS, ID, timeout=0.01)


def test_bytes_of_another_format_are_none() -> None:
    assert decode(EVENTS, b"\xff") is None
    assert decode(INGEST_EVENTS, b"\xc1") is None
    assert identity(message(EVENTS, ["odd"]))[1].startswith("project:")


def test_lag_is_unknown_without_a_position() -> None:
    known = Position(topic="t", partition=0, end=10, group="g", committed=7, members=1)
    blank = Position(topic="t", partition=1, end=10, group="g", committed=None, members=0)
    assert (known.lag, blank.lag) == (3, None)
    assert total_lag([known, blank]) == {"g": 3}
    assert "committed None lag None" in describe([blank])
