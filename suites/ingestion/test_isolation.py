"""What belongs to one project is seen in no other, and each key's events are told apart."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.clients.kafka_tap import INGEST_EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.ingestion import Bench, Sender


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Two projects with one stored event each, alike but for their project."""

    mine: ProjectRef
    theirs: ProjectRef
    my_event: str
    their_event: str


@pytest.fixture(scope="module")
def neighbours(bench: Bench) -> Neighbours:
    """The same message, fingerprint and tag in two projects."""
    made = []
    for name in ("mine", "theirs"):
        project = bench.project(name)
        sender: Sender = bench.sender(project)
        event_id = str(sender.event(message="shared words", fingerprint=["shared"], tags={"shared": "yes"}).event_id)
        verdict = bench.verdict(sender)
        assert verdict.proven, str(verdict)
        made.append((project, event_id))
    bench.await_searchable()
    (mine, my_event), (theirs, their_event) = made
    return Neighbours(mine=mine, theirs=theirs, my_event=my_event, their_event=their_event)


@pytest.mark.requirement("ING-016")
def test_an_event_is_not_found_in_another_project(bench: Bench, neighbours: Neighbours) -> None:
    """A project's event is 404 under another project, at the API and in Snuba."""
    n = neighbours
    assert bench.event(n.theirs, n.their_event)["eventID"] == n.their_event
    assert bench.api.event(n.mine.slug, n.their_event).status_code == 404
    assert bench.snuba.event(n.mine.id, n.their_event) == []


@pytest.mark.requirement("ING-016")
def test_a_search_stays_in_its_project(bench: Bench, neighbours: Neighbours) -> None:
    """Lists and searches of one project do not show another's events, though tag and message are the same."""
    n = neighbours
    assert [event["eventID"] for event in bench.api.events(n.mine.slug)] == [n.my_event]
    found = bench.api.issues(n.mine.id, "shared:yes")
    assert [(issue["project"]["slug"], issue["count"]) for issue in found] == [(n.mine.slug, "1")]


@pytest.mark.requirement("ING-016")
def test_the_same_fingerprint_is_another_issue_elsewhere(bench: Bench, neighbours: Neighbours) -> None:
    """The same fingerprint in two projects makes two issues, each row under its own project."""
    n = neighbours
    rows = bench.clickhouse.rows([n.my_event, n.their_event], "group_id")
    mine, theirs = rows[n.my_event][0], rows[n.their_event][0]
    assert (mine.project_id, theirs.project_id) == (n.mine.id, n.theirs.id)
    assert mine.values["group_id"] != theirs.values["group_id"]


@pytest.mark.requirement("ING-016")
def test_each_key_is_told_apart(bench: Bench, project: ProjectRef) -> None:
    """Events of two keys of one project carry their own key's number, so that usage can be told per key."""
    second = bench.api.create_key(project.slug, "second")
    senders = [bench.sender(project), bench.sender(project, key=second)]
    numbers = []
    for sender in senders:
        event_id = str(sender.event().event_id)
        assert bench.verdict(sender).proven
        numbers.append(bench.tap.seen(INGEST_EVENTS, event_id)[0].event["key_id"])
    assert len(set(numbers)) == 2
    sums = bench.outcomes(
        project,
        lambda seen: None if sum(o.quantity for o in seen if o.outcome == 0) >= 2 else "fewer than 2 accepted",
    )
    assert sorted(str(o.key_id) for o in sums if o.outcome == 0) == sorted(numbers)


@pytest.mark.requirement("ING-016")
def test_reading_needs_a_token(bench: Bench, neighbours: Neighbours) -> None:
    """Without a token, and with a wrong one, an event is not shown to anybody."""
    n = neighbours
    path = bench.api.project_path(n.mine.slug, f"events/{n.my_event}/")
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer " + "0" * 64}):
        answer = bench.api.request("GET", path, headers=headers)
        assert answer.status_code == 401, f"HTTP {answer.status_code} {answer.text[:200]}"
