"""A realistic ``events`` message, as Sentry's KafkaEventStream writes it, and small variations of it."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from fixtures.embedded.snuba.batches import Message

NOW = dt.datetime(2026, 11, 23, 10, 30, 15, 250_000, tzinfo=dt.UTC)
PROJECT = 7


def data() -> dict[str, Any]:
    """The event's own JSON."""
    return {
        "type": "error",
        "title": "ValueError: bad",
        "culprit": "shop.cart in add",
        "location": "shop/cart.py",
        "version": "7",
        "received": NOW.timestamp(),
        "tags": [
            ["level", "error"],
            ["environment", "prod"],
            ["sentry:release", "shop@1.0"],
            ["sentry:user", "id:42"],
            ["transaction", "/cart"],
            ["color", "red"],
            ["lost", None],
        ],
        "user": {
            "id": 42,
            "username": "ann",
            "email": "ann@example.test",
            "ip_address": "10.0.0.1",
            "geo": {"city": "Bonn"},
        },
        "sdk": {"name": "sentry.python", "version": "2.75.0", "integrations": ["logging"]},
        "request": {"method": "POST", "headers": [["Referer", "https://shop.example.test/"], ["Host", "x"]]},
        "contexts": {
            "trace": {"type": "trace", "trace_id": "a" * 32, "span_id": "00c0ffee00c0ffee", "sampled": True},
            "os": {"type": "os", "name": "Linux", "rooted": False, "build": 5, "more": {"deep": 1}},
        },
        "modules": {"requests": "2.34.2", "attrs": "25.1"},
        "exception": {
            "values": [
                None,
                {
                    "type": "ValueError",
                    "value": "bad",
                    "mechanism": {"type": "generic", "handled": False},
                    "stacktrace": {"frames": [{"filename": "cart.py", "function": "add", "lineno": 3, "in_app": True}]},
                },
            ]
        },
    }


def event(**changes: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """``[2, "insert", {...}, {...}]``; ``data__x`` changes the event's own JSON."""
    own = data() | {key[6:]: value for key, value in changes.items() if key.startswith("data__")}
    payload = {
        "group_id": 5,
        "group_ids": [5],
        "event_id": uuid.uuid4().hex,
        "organization_id": 1,
        "project_id": PROJECT,
        "message": "bad ValueError shop.cart in add",
        "platform": "python",
        "datetime": NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "data": own,
        "primary_hash": "b" * 32,
        "retention_days": 30,
        "occurrence_id": None,
        "occurrence_data": {},
    }
    payload |= {key: value for key, value in changes.items() if not key.startswith("data__")}
    return [2, "insert", payload, {"is_new": True, "queue": "post_process_errors", "skip_consume": False}]


def transaction(**changes: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """A transaction of 1500 ms."""
    trace = {"trace_id": "c" * 32, "span_id": "00000000000000ff", "op": "http.server", "status": "internal_error"}
    own = {
        "type": "transaction",
        "transaction": "/cart",
        "start_timestamp": NOW.timestamp() - 1.5,
        "timestamp": NOW.timestamp(),
        "contexts": {"trace": trace},
        "tags": [["environment", "prod"], ["sentry:user", "id:42"]],
        "measurements": {"lcp": {"value": 2.5}, "broken": None},
        "transaction_info": {"source": "route"},
    }
    message = event(**changes)
    message[2] |= {"data": own, "group_id": None}
    return message


def message(value: object, offset: int = 0, topic: str = "events") -> Message:
    """A Kafka message; bytes are taken as they are."""
    return Message(topic, 0, offset, NOW, value if isinstance(value, bytes) else json.dumps(value).encode())
