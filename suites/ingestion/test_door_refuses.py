"""What the front door must refuse, each with its status and text, and that nothing of it is stored."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from fixtures.clients.door import Answer, Request, store_path
from fixtures.clients.envelope import new_event_id
from fixtures.clients.sentry_api import Key, ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import INGEST_TOPICS, Bench
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for
from suites.ingestion.door_refusals import REFUSALS, Refusal

FORBIDDEN = "event submission rejected with_reason: ProjectId"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One refusal as it was tried: the id that must not be stored, and the answer."""

    event_id: str
    answer: Answer


@pytest.fixture(scope="module")
def attempts(bench: Bench, shared_project: ProjectRef) -> Mapping[str, Attempt]:
    """Every refusal tried once, with a key that Relay knows."""
    bench.marker(shared_project)
    made = {}
    for refusal in REFUSALS:
        event_id = new_event_id()
        answer = bench.door.send(refusal.build(shared_project, event_id))
        made[refusal.name] = Attempt(event_id=event_id, answer=answer)
    return made


@pytest.mark.requirement("ING-003")
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_the_door_refuses(attempts: Mapping[str, Attempt], refusal: Refusal) -> None:
    """Each request that breaks a rule is refused with the status and the text of Relay's contract."""
    answer = attempts[refusal.name].answer
    assert answer.status == refusal.status, str(answer)
    assert answer.detail.startswith(refusal.detail), str(answer)
    assert refusal.cause in " | ".join((answer.detail, *answer.causes)), str(answer)


@pytest.mark.requirement("ING-003")
def test_nothing_refused_reaches_a_topic(
    bench: Bench, shared_project: ProjectRef, attempts: Mapping[str, Attempt], record: Recorder
) -> None:
    """None of the refused events is on an ingest topic, although markers sent after them are."""
    assert attempts
    first, *others = (attempt.event_id for attempt in attempts.values())
    bench.require_absent(shared_project, first)
    came = [m.place for event_id in others for topic in INGEST_TOPICS for m in bench.tap.seen(topic, event_id)]
    record.figure("refusals tried", len(attempts), "requests")
    assert not came, f"refused, yet on Kafka: {came}"


@pytest.mark.requirement("ING-003")
def test_a_store_request_over_its_limit_is_never_taken(
    bench: Bench, shared_project: ProjectRef, record: Recorder
) -> None:
    """An event of 1.2 MB sent as it is to the store endpoint is refused, and nothing of it is stored."""
    event_id = new_event_id()
    body = json.dumps({"event_id": event_id, "message": "x" * 1_200_000}).encode()
    answer = bench.door.send(Request(path=store_path(shared_project.id), body=body, key=shared_project.key.public))
    record.figure("answer to 1.2 MB", answer.status, "HTTP status")
    # Relay refuses by the announced length and hangs up; a proxy that is still sending then answers 502 by itself.
    assert answer.status in (413, 502), str(answer)
    if answer.status == 413:
        assert answer.detail == "Failed to buffer the request body: length limit exceeded"
    bench.require_absent(shared_project, event_id)


@pytest.mark.requirement("ING-003")
def test_an_unknown_key_is_taken_once_then_refused(bench: Bench, project: ProjectRef, record: Recorder) -> None:
    """A key that Relay never asked about is answered 200 and dropped; from then on it is refused with 403."""
    stranger = Key(id="none", public=uuid.uuid4().hex, dsn="")
    first = new_event_id()
    cold = bench.door.event(project.id, stranger.public, {"message": "cold"}, event_id=first)
    assert cold.status == 200, str(cold)
    tries = _until_forbidden(bench, project, stranger)
    bench.require_absent(project, first)
    record.figure("tries until an unknown key was refused", tries, "requests")
    told = bench.outcome_text(project)
    record.evidence("what outcomes tell of the dropped event", told)


@pytest.mark.requirement("ING-003")
def test_a_key_of_another_project_is_refused(bench: Bench, project: ProjectRef) -> None:
    """A key used with another project's number is refused with 403 once known, and stores nothing in either."""
    other = bench.project("other")
    bench.marker(other)
    first = new_event_id()
    bench.door.event(project.id, other.key.public, {"message": "crossed"}, event_id=first)
    _until_forbidden(bench, project, other.key)
    bench.require_absent(other, first)
    bench.require_absent(project, first)


@pytest.mark.requirement("ING-003")
def test_a_disabled_key_is_refused(bench: Bench, project: ProjectRef) -> None:
    """A key that worked is refused with 403 once it is disabled, while the project's other key still works."""
    second = bench.api.create_key(project.slug, "second")
    bench.marker(project, second)
    bench.api.update_key(project.slug, second, isActive=False)
    _until_forbidden(bench, project, second)
    refused = new_event_id()
    answer = bench.door.event(project.id, second.public, {"message": "disabled"}, event_id=refused)
    assert answer.status == 403, str(answer)
    bench.require_absent(project, refused)


def _until_forbidden(bench: Bench, project: ProjectRef, key: Key) -> int:
    """Send until the door refuses with 403; how many tries it took."""
    tries = 0

    def probe() -> Reached[Answer] | str:
        nonlocal tries
        tries += 1
        answer = bench.door.event(project.id, key.public, {"message": "until refused"})
        return Reached(answer) if answer.status == 403 else str(answer)

    answer = wait_for("the door to refuse the key with 403", probe, timeout=LIMITS.config_propagation, interval=0.1)
    assert answer.detail == FORBIDDEN, str(answer)
    return tries
