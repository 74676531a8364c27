"""Which events become one issue: fingerprints, stack traces, and what must not split a group."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.clients.sentry_api import ProjectRef
from fixtures.ingestion import Bench, Sender


def _error(kind: str, value: str, function: str) -> dict[str, Any]:
    frames = [{"function": function, "module": "shop.cart", "filename": "shop/cart.py", "lineno": 7, "in_app": True}]
    return {"exception": {"values": [{"type": kind, "value": value, "stacktrace": {"frames": frames}}]}}


EVENTS: Mapping[str, Mapping[str, Any]] = {
    "fingerprint a, release 1": {"message": "one", "fingerprint": ["a", "b"], "release": "1"},
    "fingerprint a, release 2": {"message": "two", "fingerprint": ["a", "b"], "release": "2", "user": {"id": "9"}},
    "fingerprint c": {"message": "one", "fingerprint": ["c"]},
    "default and c": {"message": "one", "fingerprint": ["{{ default }}", "c"]},
    "trace x, text 1": _error("ValueError", "first", "add"),
    "trace x, text 2": _error("ValueError", "second", "add"),
    "trace y": _error("ValueError", "first", "remove"),
    "message 1": {"message": "the same words"},
    "message 1 again": {"message": "the same words", "level": "warning"},
    "message 2": {"message": "other words"},
}


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """The stored group and hash of each event, by its name in the table."""

    project: ProjectRef
    groups: Mapping[str, int]
    hashes: Mapping[str, str]


@pytest.fixture(scope="module")
def grouped(bench: Bench) -> Grouped:
    """All events sent once into one project, then read from ClickHouse."""
    project = bench.project("grouping")
    sender: Sender = bench.sender(project)
    ids = {name: str(sender.event(**event).event_id) for name, event in EVENTS.items()}
    verdict = bench.verdict(sender)
    assert verdict.proven, str(verdict)
    rows = bench.clickhouse.rows(ids.values(), "group_id", "toString(primary_hash) AS hash")
    values = {name: rows[event_id][0].values for name, event_id in ids.items()}
    return Grouped(
        project=project,
        groups={name: int(found["group_id"]) for name, found in values.items()},
        hashes={name: uuid.UUID(found["hash"]).hex for name, found in values.items()},
    )


SAME = (
    ("fingerprint a, release 1", "fingerprint a, release 2"),
    ("trace x, text 1", "trace x, text 2"),
    ("message 1", "message 1 again"),
)
DIFFERENT = (
    ("fingerprint a, release 1", "fingerprint c"),
    ("fingerprint c", "default and c"),
    ("trace x, text 1", "trace y"),
    ("message 1", "message 2"),
)


@pytest.mark.requirement("ING-011")
@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_are_one_issue(grouped: Grouped, one: str, other: str) -> None:
    """The same fingerprint, stack trace or message is one issue, whatever release, user, level or text differs."""
    assert grouped.groups[one] == grouped.groups[other]


@pytest.mark.requirement("ING-011")
@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_are_two_issues(grouped: Grouped, one: str, other: str) -> None:
    """Another fingerprint, stack trace or message is another issue."""
    assert grouped.groups[one] != grouped.groups[other]


@pytest.mark.requirement("ING-011")
def test_a_fingerprint_is_hashed_as_documented(grouped: Grouped) -> None:
    """The stored hash of a custom fingerprint is the MD5 of its values, so that other tools can compute it."""
    expected = hashlib.md5(b"ab", usedforsecurity=False).hexdigest()
    assert grouped.hashes["fingerprint a, release 1"] == expected


@pytest.mark.requirement("ING-011")
def test_the_issue_counts_its_events(bench: Bench, grouped: Grouped) -> None:
    """The API knows the issue by its group number, with the hash that the row carries."""
    group = grouped.groups["fingerprint a, release 1"]
    issue = bench.api.get(f"issues/{group}/")
    hashes = bench.api.get(f"issues/{group}/hashes/")
    assert (issue["count"], issue["userCount"]) == ("2", 1)
    assert [entry["id"] for entry in hashes] == [grouped.hashes["fingerprint a, release 1"]]
