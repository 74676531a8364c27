"""Search, counts, tags and charts agree with what was sent; deleting and merging issues reaches the stored rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.clients.sentry_api import ProjectRef
from fixtures.ingestion import Bench, Sender
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for

BLUE, RED = 4, 2


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Events of two colours in two issues, all stored: what reads must agree with."""

    project: ProjectRef
    sender: Sender
    blue: str
    red: str


@pytest.fixture(scope="module")
def shown(bench: Bench) -> Shown:
    """Four blue errors of three users, two red warnings of one user, each colour an issue of its own."""
    project = bench.project("reading")
    sender = bench.sender(project)
    for number in range(BLUE):
        user = {"id": str(number % 3), "email": f"u{number % 3}@example.test"}
        sender.event(
            message="blue whale surfaced", fingerprint=["blue"], tags={"colour": "blue"}, user=user, release="sea@1"
        )
    for _ in range(RED):
        sender.event(message="red tide", fingerprint=["red"], level="warning", tags={"colour": "red"}, user={"id": "9"})
    verdict = bench.verdict(sender)
    assert verdict.proven, str(verdict)
    bench.await_searchable()
    rows = bench.clickhouse.rows(sender.ids, "group_id")
    groups = [str(rows[event_id][0].values["group_id"]) for event_id in sender.ids]
    return Shown(project=project, sender=sender, blue=groups[0], red=groups[-1])


# Search, which of the two issues it must find.
SEARCHES: Mapping[str, tuple[str, ...]] = {
    "": ("blue", "red"),
    "colour:blue": ("blue",),
    "colour:red": ("red",),
    "!colour:blue": ("red",),
    "colour:green": (),
    "has:colour": ("blue", "red"),
    "level:warning": ("red",),
    "release:sea@1": ("blue",),
    "user.id:9": ("red",),
    "whale": ("blue",),
    "is:unresolved": ("blue", "red"),
    "is:resolved": (),
}


@pytest.mark.requirement("ING-012")
@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_finds_the_right_issues(bench: Bench, shown: Shown, query: str) -> None:
    """The issue stream answers exactly the issues whose events match the search."""
    found = {issue["id"] for issue in bench.api.issues(shown.project.id, query)}
    assert found == {getattr(shown, colour) for colour in SEARCHES[query]}


@pytest.mark.requirement("ING-012")
def test_issue_counts_are_what_was_sent(bench: Bench, shown: Shown) -> None:
    """Each issue's number of events and of users in the stream is what was sent."""
    found = {i["id"]: (i["count"], i["userCount"]) for i in bench.api.issues(shown.project.id)}
    assert found == {shown.blue: (str(BLUE), 3), shown.red: (str(RED), 1)}


@pytest.mark.requirement("ING-012")
def test_issue_events_are_what_was_sent(bench: Bench, shown: Shown) -> None:
    """An issue lists exactly its own events, the project lists all."""
    listed = {event["eventID"] for event in bench.api.get(f"issues/{shown.blue}/events/")}
    assert listed == set(shown.sender.ids[:BLUE])
    assert {event["eventID"] for event in bench.api.events(shown.project.slug)} == set(shown.sender.ids)


@pytest.mark.requirement("ING-012")
def test_tag_values_are_counted(bench: Bench, shown: Shown) -> None:
    """The tag page of an issue counts the values that its events carry."""
    values = bench.api.get(f"issues/{shown.blue}/tags/colour/")["topValues"]
    assert [(value["value"], value["count"]) for value in values] == [("blue", BLUE)]


@pytest.mark.requirement("ING-012")
def test_discover_counts_what_was_sent(bench: Bench, shown: Shown) -> None:
    """A grouped event search counts the events of each colour, and a filtered one only those that match."""
    rows = bench.api.discover(shown.project.id, ["colour", "count()"])
    assert {row["colour"]: row["count()"] for row in rows} == {"blue": BLUE, "red": RED}
    only = bench.api.discover(shown.project.id, ["count()"], "level:warning")
    assert [row["count()"] for row in only] == [RED]


@pytest.mark.requirement("ING-012")
def test_the_chart_counts_what_was_sent(bench: Bench, shown: Shown) -> None:
    """The sum over a time series of the last hour is the number of events sent."""
    path = bench.api.organization_path("events-stats/")
    found = bench.api.get(path, project=shown.project.id, statsPeriod="1h", interval="5m", partial="1")
    assert sum(point[1][0]["count"] for point in found["data"]) == BLUE + RED


@pytest.mark.requirement("ING-012")
def test_snuba_counts_what_clickhouse_holds(bench: Bench, shown: Shown) -> None:
    """Snuba's own count of a project is the number of distinct rows in ClickHouse."""
    snql = (
        f"MATCH (events) SELECT count() AS `n`, uniq(event_id) AS `u` WHERE project_id = {shown.project.id} "
        "AND timestamp >= toDateTime('2020-01-01T00:00:00') AND timestamp < toDateTime('2100-01-01T00:00:00')"
    )
    (row,) = bench.snuba.query(snql).data
    assert (row["n"], row["u"]) == (BLUE + RED, BLUE + RED)


WRONG = {
    "unknown function": "SELECT nosuchfunction(event_id) AS `x` WHERE project_id = 1",
    "no project": "SELECT event_id",
    "no grammar": "SELEKT event_id WHERE project_id = 1",
}


@pytest.mark.requirement("ING-012")
@pytest.mark.parametrize("name", WRONG)
def test_snuba_refuses_what_it_cannot_answer(bench: Bench, name: str) -> None:
    """A query that cannot be answered rightly is a clear 400, never a number."""
    answer = bench.snuba.query(f"MATCH (events) {WRONG[name]}")
    assert answer.status == 400, str(answer)[:300]
    assert answer.error


def _groups(bench: Bench, sender: Sender) -> dict[str, str]:
    rows = bench.clickhouse.rows(sender.ids, "group_id")
    return {event_id: str(found[0].values["group_id"]) if found else "" for event_id, found in rows.items()}


@pytest.mark.requirement("ING-012")
def test_deleting_an_issue_deletes_its_rows(bench: Bench, sender: Sender) -> None:
    """After an issue is deleted its events are gone from ClickHouse and the API, and another issue's stay."""
    for name in ("gone", "gone", "stays"):
        sender.event(fingerprint=[name])
    verdict = bench.verdict(sender)
    assert verdict.proven, str(verdict)
    gone, _, stays = sender.ids
    bench.api.call("DELETE", f"issues/{_groups(bench, sender)[gone]}/")

    def probe() -> Reached[None] | str:
        left = [event_id for event_id, group in _groups(bench, sender).items() if group]
        return Reached(None) if left == [stays] else f"rows left: {left}"

    wait_for("the deleted issue's rows to go", probe, timeout=LIMITS.hop_api, interval=0.2, details=bench.positions)
    assert bench.api.event(sender.project.slug, gone).status_code == 404
    assert bench.api.event(sender.project.slug, stays).status_code == 200


@pytest.mark.requirement("ING-012")
def test_merging_issues_moves_their_rows(bench: Bench, sender: Sender) -> None:
    """After two issues are merged all their rows carry one group number, and the issue counts them all."""
    for name in ("one", "two"):
        sender.event(fingerprint=[name])
    verdict = bench.verdict(sender)
    assert verdict.proven, str(verdict)
    both = sorted(set(_groups(bench, sender).values()))
    path = bench.api.project_path(sender.project.slug, "issues/")
    bench.api.call("PUT", path, params={"id": both}, json={"merge": 1})

    def probe() -> Reached[str] | str:
        found = set(_groups(bench, sender).values())
        return Reached(found.pop()) if len(found) == 1 else f"groups {found}"

    group = wait_for(
        "the rows to carry one group", probe, timeout=LIMITS.hop_api, interval=0.2, details=bench.positions
    )

    def counted() -> Reached[dict[str, Any]] | str:
        found = [i for i in bench.api.issues(sender.project.id) if i["count"] == "2"]
        return Reached(found[0]) if found else "no issue with two events"

    assert wait_for("the merged issue", counted, timeout=LIMITS.hop_api, interval=0.2)["id"] == group
