"""One error followed from the SDK to the web API, hop by hop: the first verdict a reader gets."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from fixtures.clients.door import Answer
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.clients.sdk import SdkClient
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, Sender
from fixtures.ledger import HOPS, Hop, Sighting

RELEASE, ENVIRONMENT = "shop@1.4.2", "conformance"
USER = {"id": "4711", "username": "ada", "email": "ada@example.test"}
MEASURED = 7
MEDIAN_LIMIT = 3.0  # seconds from accepted to readable, the bar of the platform when idle


class PaymentError(RuntimeError):
    """What the sending application raises."""


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One SDK event, and where it was sent."""

    project: ProjectRef
    sender: Sender
    event_id: str
    answered_id: str
    message: str
    tags: dict[str, str]


@pytest.fixture(scope="module")
def journey(bench: Bench) -> Journey:
    """An exception reported by the real SDK with the DSN that the platform itself hands out."""
    project = bench.project("hops")
    sender = bench.sender(project)
    tags = {"run": sender.run, "seq": "0", "shop.area": "checkout"}
    message = f"card was declined {sender.run}"
    left = time.time()
    with closing(
        SdkClient(dsn=project.key.dsn, ca=bench.stack.door.ca, release=RELEASE, environment=ENVIRONMENT)
    ) as client:
        event_id = client.error(_raised(message), tags=tags, user=USER)
        assert client.answers, "sentry-sdk got no HTTP answer from the door (it hides the reason: see the stack's log)"
        first = client.answers[0]
    body = first.json()
    answer = Answer(status=first.status, headers={}, body=first.body, json=body, left=left, answered=time.time())
    sender.adopt(event_id, answer)
    return Journey(
        project=project,
        sender=sender,
        event_id=event_id,
        answered_id=str(answer.event_id),
        message=message,
        tags=tags,
    )


def _raised(message: str) -> PaymentError:
    """An exception with a traceback, as an application would catch it."""
    try:
        _pay(message)
    except PaymentError as error:
        return error
    raise AssertionError("unreachable")


def _pay(message: str) -> None:
    raise PaymentError(message)


@pytest.mark.requirement("ING-001")
def test_an_sdk_error_is_at_every_hop_exactly_once(bench: Bench, journey: Journey, record: Recorder) -> None:
    """An error from the SDK over HTTPS is on both topics, in ClickHouse, in Snuba and at the API exactly once."""
    bench.require_stored(journey.sender, record, HOPS)
    entry = journey.sender.ledger.entries[journey.event_id]
    seen = journey.sender.ledger.sightings(journey.event_id)
    record.timeline(
        journey.event_id,
        [("answered", entry.answered - entry.left), *((hop, s.first - entry.left) for hop, s in seen.items())],
    )
    assert journey.answered_id == journey.event_id


@pytest.mark.requirement("ING-001")
def test_the_stored_error_has_the_content_that_was_sent(bench: Bench, journey: Journey) -> None:
    """Message, tags, user, level, release and environment at the web API are what the SDK was given."""
    event = bench.event(journey.project, journey.event_id)
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    sent = {**journey.tags, "level": "error", "environment": ENVIRONMENT, "release": RELEASE}
    assert event["eventID"] == journey.event_id
    assert event["metadata"]["type"] == "PaymentError"
    assert event["metadata"]["value"] == journey.message
    assert {key: tags.get(key) for key in sent} == sent
    assert {key: event["user"][key] for key in USER} == USER
    assert event["release"]["version"] == RELEASE


@pytest.mark.requirement("ING-012")
def test_the_stack_trace_can_be_read(bench: Bench, journey: Journey) -> None:
    """The web API shows the frames of the sending code, innermost last, with the source line and the SDK's context."""
    event = bench.event(journey.project, journey.event_id)
    (entry,) = (entry["data"] for entry in event["entries"] if entry["type"] == "exception")
    frames = entry["values"][0]["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["_raised", "_pay"]
    number = frames[-1]["lineNo"]
    assert dict(frames[-1]["context"])[number].strip() == "raise PaymentError(message)"
    assert event["sdk"]["name"] == "sentry.python"
    assert event["contexts"]["trace"]["trace_id"]


@pytest.mark.requirement("ING-001")
def test_the_content_is_the_same_at_every_hop(bench: Bench, journey: Journey) -> None:
    """The message, user, release and environment do not change between the topics, the row, Snuba and the API."""
    bench.event(journey.project, journey.event_id)
    on_ingest = bench.tap.seen(INGEST_EVENTS, journey.event_id)[0].event
    on_events = bench.tap.seen(EVENTS, journey.event_id)[0].event
    columns = ("release", "environment", "level", "title", "user_id")
    row = bench.clickhouse.rows([journey.event_id], *columns)[journey.event_id][0].values
    answer = bench.snuba.event(journey.project.id, journey.event_id, "release", "environment", "title")[0]
    for document in (on_ingest, on_events):
        assert document["exception"]["values"][0]["value"] == journey.message
        assert (document["release"], document["environment"]) == (RELEASE, ENVIRONMENT)
        assert document["user"]["id"] == USER["id"]
    title = f"PaymentError: {journey.message}"
    assert [row[c] for c in columns] == [RELEASE, ENVIRONMENT, "error", title, USER["id"]]
    assert [answer[c] for c in ("release", "environment", "title")] == [RELEASE, ENVIRONMENT, title]


@pytest.mark.requirement("ING-001")
def test_accepted_events_are_readable_within_the_bar(bench: Bench, sender: Sender, record: Recorder) -> None:
    """When idle, the median time from accepted to readable by the API is under 3 seconds, and is known per hop."""
    bench.marker(sender.project)
    for _ in range(MEASURED):
        event_id = sender.event().event_id
        assert event_id, "the door gave no id"
        bench.event(sender.project, event_id)
        sender.ledger.seen(event_id, _now_at_api())
    bench.look(sender, [hop for hop in HOPS if hop not in (Hop.API, Hop.ROW)])
    median = {hop: _median(sender, hop) for hop in (Hop.INGEST, Hop.EVENTS, Hop.API)}
    for hop, seconds in median.items():
        record.figure(f"accepted to {hop}, median of {MEASURED}", round(seconds, 3), "s")
    assert median[Hop.API] < MEDIAN_LIMIT, f"medians from accepted: {median}"


def _now_at_api() -> Sighting:
    return Sighting(hop=Hop.API, count=1, first=time.time(), place="HTTP 200")


def _median(sender: Sender, hop: Hop) -> float:
    entries = sender.ledger.entries
    return statistics.median(sender.ledger.sightings(i)[hop].first - entries[i].answered for i in sender.ids)
