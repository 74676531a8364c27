"""Deletions, merges and their like: what queries show afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fixtures.embedded.snuba.replacements import statements
from fixtures.embedded.snuba.values import BadMessage
from tests.unit.snuba.conftest import Store
from tests.unit.snuba.samples import NOW, PROJECT, event, message

AFTER = (NOW + dt.timedelta(minutes=1)).isoformat()
BEFORE = (NOW - dt.timedelta(minutes=1)).isoformat()


def replacement(kind: str, **payload: Any) -> Any:  # noqa: ANN401 - JSON
    return message([2, kind, {"project_id": PROJECT, "transaction_id": "x", "datetime": AFTER, **payload}])


@pytest.fixture
def filled(store: Store) -> Store:
    """Events 1 and 2 in group 5, event 3 in group 6 with another hash, and one of another project in group 5."""
    bodies = [event(event_id="0" * 31 + "1"), event(event_id="0" * 31 + "2")]
    bodies += [event(event_id="0" * 31 + "3", group_id=6, primary_hash="c" * 32), event(project_id=8)]
    store.consume([message(body, offset) for offset, body in enumerate(bodies)])
    return store


def groups(store: Store, project: int = PROJECT) -> dict[int, int]:
    rows = store.ask(f"MATCH (events) SELECT count() AS `n` BY group_id WHERE project_id = {project}")
    return {row["group_id"]: row["n"] for row in rows}


@pytest.mark.parametrize(
    ("kind", "payload", "left"),
    [
        ("end_delete_groups", {"group_ids": [5]}, {6: 1}),
        ("start_delete_groups", {"group_ids": [5]}, {5: 2, 6: 1}),
        ("end_delete_groups", {"group_ids": [5], "datetime": BEFORE}, {5: 2, 6: 1}),
        ("end_merge", {"previous_group_ids": [5], "new_group_id": 6}, {6: 3}),
        ("end_merge", {"previous_group_ids": [5, 6], "new_group_id": 9}, {9: 3}),
        ("end_unmerge", {"previous_group_id": 6, "new_group_id": 9, "hashes": ["c" * 32]}, {5: 2, 9: 1}),
        ("end_unmerge", {"previous_group_id": 5, "new_group_id": 9, "hashes": ["c" * 32]}, {5: 2, 6: 1}),
        ("tombstone_events", {"event_ids": ["0" * 31 + "1"]}, {5: 1, 6: 1}),
        ("tombstone_events", {"event_ids": ["0" * 31 + "1"], "old_primary_hash": "c" * 32}, {5: 2, 6: 1}),
        ("tombstone_events", {"event_ids": ["0" * 31 + "1"], "from_timestamp": AFTER}, {5: 2, 6: 1}),
        ("replace_group", {"event_ids": ["0" * 31 + "1"], "new_group_id": 6}, {5: 1, 6: 2}),
        ("exclude_groups", {"group_ids": [5]}, {6: 1}),
    ],
)
def test_the_effect_is_seen_at_once(filled: Store, kind: str, payload: dict[str, Any], left: dict[int, int]) -> None:
    filled.consume([replacement(kind, **payload)])
    assert groups(filled) == left
    assert groups(filled, project=8) == {5: 1}


def test_a_deleted_event_stays_deleted_when_it_is_written_again(filled: Store) -> None:
    filled.consume([replacement("end_delete_groups", group_ids=[5]), message(event(event_id="0" * 31 + "1"))])
    assert groups(filled) == {6: 1}


def test_a_replacement_sees_the_rows_of_its_own_batch(store: Store) -> None:
    merge = replacement("end_merge", previous_group_ids=[5], new_group_id=6)
    store.consume([message(event()), merge, message(event(group_id=7))])
    assert groups(store) == {6: 1, 7: 1}


def test_a_deleted_tag_is_gone_everywhere(filled: Store) -> None:
    filled.consume([replacement("end_delete_tag", tag="color"), replacement("end_delete_tag", tag="sentry:release")])
    query = (
        "MATCH (events) SELECT tags[color], tags[sentry:release], tags.key, tags[level] WHERE project_id = 7 LIMIT 1"
    )
    (row,) = filled.ask(query)
    assert (row["tags[color]"], row["tags[sentry:release]"], row["tags[level]"]) == ("", None, "error")
    assert row["tags.key"] == ["environment", "level", "sentry:user", "transaction"]


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("end_delete_groups", {"group_ids": []}),
        ("end_delete_groups", {"group_ids": ["5) OR 1=1 --"]}),
        ("end_delete_groups", {"group_ids": [5], "datetime": "soon"}),
        ("end_merge", {"previous_group_ids": [5], "new_group_id": "6"}),
        ("end_unmerge", {"previous_group_id": 5, "new_group_id": 6, "hashes": [1]}),
        ("tombstone_events", {"event_ids": ["x"]}),
        ("end_delete_tag", {"tag": ""}),
        ("end_everything", {}),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(kind: str, payload: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        statements([2, kind, {"project_id": 7, "datetime": AFTER, **payload}], ("project_id",))
