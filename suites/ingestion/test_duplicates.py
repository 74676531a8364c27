"""The same event twice is stored once, and many senders at once lose and duplicate nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from fixtures.clients.envelope import new_event_id
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import TO_ROW, Bench, Sender
from fixtures.ledger import Fate
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for

COPIES = 4
SENDERS = 200
BUCKET = 20


def _repeat(bench: Bench, project: ProjectRef, event_id: str, times: int) -> None:
    for _ in range(times):
        answer = bench.door.event(project.id, project.key.public, {"message": "again"}, event_id=event_id)
        assert answer.status == 200, str(answer)


def _require_once(bench: Bench, project: ProjectRef, event_id: str, copies: int) -> None:
    """All copies are on the ingest topic, yet after a later event has a row there is one message and one row."""
    marker = bench.sender(project)
    on_ingest = wait_for(
        "all copies on the ingest topic", lambda: _count(bench, event_id, copies), timeout=LIMITS.hop_ingest
    )
    marker.event()
    verdict = bench.verdict(marker)
    assert verdict.proven, f"the marker did not arrive, so nothing is proven: {verdict}"
    assert on_ingest == copies
    assert len(bench.tap.seen(EVENTS, event_id)) == 1, bench.whereabouts(project, event_id)
    assert len(bench.clickhouse.rows([event_id])[event_id]) == 1


def _count(bench: Bench, event_id: str, copies: int) -> Reached[int] | str:
    found = len(bench.tap.seen(INGEST_EVENTS, event_id))
    return Reached(found) if found >= copies else f"{found} of {copies}"


@pytest.mark.requirement("ING-009")
def test_copies_in_a_row_are_stored_once(bench: Bench, shared_project: ProjectRef) -> None:
    """The same id sent several times at once is answered 200 each time and stored once."""
    bench.marker(shared_project)
    event_id = new_event_id()
    _repeat(bench, shared_project, event_id, COPIES)
    _require_once(bench, shared_project, event_id, COPIES)


@pytest.mark.requirement("ING-009")
def test_a_copy_of_a_stored_event_is_dropped(bench: Bench, shared_project: ProjectRef) -> None:
    """A second copy sent after the first is readable changes nothing."""
    event_id = new_event_id()
    _repeat(bench, shared_project, event_id, 1)
    before = bench.event(shared_project, event_id)
    _repeat(bench, shared_project, event_id, 1)
    _require_once(bench, shared_project, event_id, 2)
    assert bench.event(shared_project, event_id)["dateReceived"] == before["dateReceived"]


@pytest.mark.requirement("ING-009")
def test_copies_from_many_senders_are_stored_once(bench: Bench, shared_project: ProjectRef) -> None:
    """The same id from several senders at the same moment is stored once."""
    bench.marker(shared_project)
    event_id, together = new_event_id(), Barrier(COPIES)

    def send(_: int) -> None:
        together.wait()
        _repeat(bench, shared_project, event_id, 1)

    with ThreadPoolExecutor(COPIES) as pool:
        list(pool.map(send, range(COPIES)))
    _require_once(bench, shared_project, event_id, COPIES)


@pytest.mark.requirement("ING-009", "ING-016")
def test_the_same_id_in_two_projects_is_two_events(bench: Bench, project: ProjectRef, record: Recorder) -> None:
    """Duplicates are told by project and id: another project's event with the same id is stored as well."""
    other = bench.project("twin")
    event_id = new_event_id()
    for where in (project, other):
        _repeat(bench, where, event_id, 1)
    for where in (project, other):
        assert bench.event(where, event_id)["projectID"] == str(where.id)
    projects = {row.project_id for row in bench.clickhouse.rows([event_id])[event_id]}
    record.figure("projects that store the id", len(projects), "projects")
    assert projects == {project.id, other.id}


@pytest.mark.requirement("ING-010")
def test_many_senders_at_once_lose_and_duplicate_nothing(bench: Bench, sender: Sender, record: Recorder) -> None:
    """200 senders at once: every event is accepted, and ClickHouse counts each exactly once per bucket."""
    bench.marker(sender.project)
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda number: sender.event(sequence=number), range(SENDERS)))
    assert len(sender.ids) == SENDERS, str(sender.ledger.verdict(hops=TO_ROW[:1]))

    def probe() -> Reached[None] | str:
        rows = sum(bucket.rows for bucket in bench.clickhouse.buckets(sender.run, BUCKET))
        return Reached(None) if rows >= SENDERS else f"{rows} of {SENDERS} rows"

    wait_for("a row for every event", probe, timeout=LIMITS.hop_events, interval=0.2, details=bench.positions)
    found = [(b.start, b.rows, b.distinct) for b in bench.clickhouse.buckets(sender.run, BUCKET)]
    record.grid("rows per bucket of sequence numbers", ("from", "rows", "distinct"), found)
    assert not sender.ledger.suspects(found, BUCKET), str(bench.verdict(sender))
    assert sender.ledger.unexpected(found, BUCKET) == 0


@pytest.mark.requirement("ING-010")
def test_events_are_not_mixed_up(bench: Bench, shared_project: ProjectRef) -> None:
    """Ten events sent one right after the other are all stored, each id with its own content."""
    sender = bench.sender(shared_project)
    for _ in range(10):
        sender.event()
    verdict = bench.verdict(sender)
    assert verdict.counts == {Fate.STORED: 10}, str(verdict)
    texts = [bench.tap.seen(EVENTS, event_id)[0].event["logentry"]["formatted"] for event_id in sender.ids]
    assert texts == [f"{sender.run} #{number}" for number in range(10)]
