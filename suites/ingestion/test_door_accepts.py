"""What the front door must take: endpoints, content encodings, ways to authenticate, and ids."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest

from fixtures.clients.door import Answer, Request, auth_header, basic_header, envelope_path, query_auth, store_path
from fixtures.clients.envelope import Item, envelope, event_envelope, event_item, json_item, new_event_id
from fixtures.clients.kafka_tap import INGEST_EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, Sender
from fixtures.timeouts import LIMITS

HEXADECIMAL = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a case builds from: the project, the id it should use, and the event with a message of its own."""

    project: ProjectRef
    event_id: str
    event: Mapping[str, object]

    @property
    def key(self) -> str:
        """The public key."""
        return self.project.key.public

    @property
    def usual(self) -> bytes:
        """The envelope an SDK would send."""
        return event_envelope(self.event_id, self.event)

    def post(self, body: bytes, encoding: str = "") -> Request:
        """To the envelope endpoint with the usual authentication."""
        return Request(path=envelope_path(self.project.id), body=body, key=self.key, encoding=encoding)

    def signed(self, query: str = "", **headers: str) -> Request:
        """The usual envelope with another way to authenticate."""
        path = envelope_path(self.project.id)
        return Request(
            path=path, body=self.usual, headers={k.replace("_", "-"): v for k, v in headers.items()}, query=query
        )

    def store(self, body: bytes, path: str = "") -> Request:
        """To the store endpoint."""
        return Request(path=path or store_path(self.project.id), body=body, key=self.key)

    @property
    def document(self) -> bytes:
        """The event alone, as JSON with its id."""
        return json.dumps({"event_id": self.event_id, **self.event}).encode()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that must be taken and stored.

    ``fresh``: the door chooses the id. ``warm``: Relay must know the key, because it drops what comes without a
    project number as long as it has to ask for it.
    """

    name: str
    build: Callable[[Sent], Request]
    fresh: bool = False
    warm: bool = False


def _pixel(sent: Sent) -> Request:
    query = urlencode({"sentry_data": base64.b64encode(sent.document).decode()})
    return Request(path=store_path(sent.project.id), method="GET", query=f"{query_auth(sent.key)}&{query}")


def _packed(encoding: str) -> Callable[[Sent], Request]:
    return lambda sent: sent.post(sent.usual, encoding)


def _dashed(sent: Sent) -> bytes:
    e = sent.event_id.upper()
    return envelope(event_item(sent.event), event_id=f"{e[:8]}-{e[8:12]}-{e[12:16]}-{e[16:20]}-{e[20:]}")


CASES = (
    Case(name="envelope", build=lambda s: s.post(s.usual)),
    *(Case(name=f"envelope as {name}", build=_packed(name)) for name in ("gzip", "deflate", "br", "zstd", "identity")),
    Case(name="store", build=lambda s: s.store(s.document)),
    Case(name="store without project in the path", build=lambda s: s.store(s.document, "/api/store/"), warm=True),
    Case(name="store with a doubled slash", build=lambda s: s.store(s.document, f"/api/{s.project.id}/store//")),
    Case(name="store as base64", build=lambda s: s.store(base64.b64encode(s.document))),
    Case(name="store as base64 of zlib", build=lambda s: s.store(base64.b64encode(zlib.compress(s.document)))),
    Case(name="store as a pixel", build=_pixel),
    Case(name="key in Authorization", build=lambda s: s.signed(Authorization=auth_header(s.key))),
    Case(name="key in HTTP Basic", build=lambda s: s.signed(Authorization=basic_header(s.key))),
    Case(name="key in the query", build=lambda s: s.signed(query_auth(s.key))),
    Case(
        name="key in the envelope's dsn",
        build=lambda s: Request(
            path=envelope_path(s.project.id),
            body=envelope(event_item(s.event), event_id=s.event_id, dsn=s.project.key.dsn),
        ),
    ),
    Case(name="id with dashes in upper case", build=lambda s: s.post(_dashed(s))),
    Case(
        name="id of the header wins",
        build=lambda s: s.post(envelope(event_item({**s.event, "event_id": new_event_id()}), event_id=s.event_id)),
    ),
    Case(name="envelope without id", build=lambda s: s.post(envelope(event_item(s.event))), fresh=True),
    Case(
        name="id in the payload only",
        build=lambda s: s.post(envelope(event_item({**s.event, "event_id": s.event_id}))),
        fresh=True,
    ),
    Case(name="store without id", build=lambda s: s.store(json.dumps(s.event).encode()), fresh=True),
    Case(
        name="item without length",
        build=lambda s: s.post(
            envelope(Item(type="event", payload=json.dumps(s.event).encode(), length=None), event_id=s.event_id)
        ),
    ),
    Case(
        name="line feeds in the payload",
        build=lambda s: s.post(
            envelope(Item(type="event", payload=json.dumps(s.event, indent=1).encode()), event_id=s.event_id)
        ),
    ),
    Case(
        name="no line feed at the end",
        build=lambda s: s.post(envelope(event_item(s.event), event_id=s.event_id, last_newline=False)),
    ),
    Case(
        name="blank lines before an item",
        build=lambda s: s.post(s.usual.replace(b"\n", b"\n\n\n", 1)),
    ),
    Case(
        name="unknown item beside an event",
        build=lambda s: s.post(
            envelope(json_item("from_the_future", {"a": 1}), event_item(s.event), event_id=s.event_id)
        ),
    ),
    Case(
        name="unknown keys in the header",
        build=lambda s: s.post(envelope(event_item(s.event), event_id=s.event_id, from_the_future={"a": [1]})),
    ),
)
NAMES = [case.name for case in CASES]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One case as it was sent and answered."""

    sender: Sender
    answer: Answer
    sent: Sent


@pytest.fixture(scope="module")
def deliveries(bench: Bench, shared_project: ProjectRef) -> Mapping[str, Delivery]:
    """Every case sent once; the checks then look for each."""
    made: dict[str, Delivery] = {}
    for case in CASES:
        project = _warm(bench, shared_project) if case.warm else shared_project
        sender = bench.sender(project)
        sent = Sent(
            project=project,
            event_id=new_event_id(),
            event={"message": f"{case.name} {sender.run}", "tags": {"run": sender.run}},
        )
        answer = bench.door.send(case.build(sent))
        sender.adopt(answer.event_id or sent.event_id, answer)
        made[case.name] = Delivery(sender=sender, answer=answer, sent=sent)
    return made


def _warm(bench: Bench, project: ProjectRef) -> ProjectRef:
    """The project with a new key that Relay has asked for just now, so that it knows it for a while."""
    key = bench.api.create_key(project.slug, "warm")
    bench.marker(project, key)
    return replace(project, key=key)


@pytest.mark.requirement("ING-002")
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_door_takes(bench: Bench, deliveries: Mapping[str, Delivery], case: Case, record: Recorder) -> None:
    """Each endpoint, encoding, way to authenticate and way to give an id leads to one stored event."""
    delivery = deliveries[case.name]
    answer, sent = delivery.answer, delivery.sent
    assert answer.status == 200, str(answer)
    if "image/gif" not in answer.headers.get("Content-Type", ""):
        assert HEXADECIMAL.fullmatch(answer.event_id or ""), str(answer)
        assert (answer.event_id != sent.event_id) if case.fresh else (answer.event_id == sent.event_id)
    bench.require_stored(delivery.sender, record)
    (stored,) = delivery.sender.ids
    event = bench.tap.seen(INGEST_EVENTS, stored)[0].event
    assert event["logentry"]["formatted"] == sent.event["message"]


@pytest.mark.requirement("ING-002")
def test_the_answer_is_small_and_never_compressed(bench: Bench, shared_project: ProjectRef) -> None:
    """The id is answered uncompressed although the client offers gzip, as a JSON object of one key."""
    event_id = new_event_id()
    headers = {"Accept-Encoding": "gzip"}
    body = event_envelope(event_id, {"message": "small answer"})
    answer = bench.door.envelope(shared_project.id, shared_project.key.public, body, headers=headers)
    assert answer.json == {"id": event_id}
    assert "Content-Encoding" not in answer.headers


EMPTY: Mapping[str, tuple[Callable[[str], bytes], bool]] = {
    "only a header with id": (lambda event_id: envelope(event_id=event_id), True),
    "only a header": (lambda _: envelope(), False),
    "only an unknown item": (lambda event_id: envelope(json_item("from_the_future", {}), event_id=event_id), True),
}


@pytest.mark.requirement("ING-002")
@pytest.mark.parametrize("name", EMPTY)
def test_an_envelope_without_a_known_item_is_taken_and_leaves_nothing(
    bench: Bench, shared_project: ProjectRef, name: str
) -> None:
    """An envelope that holds nothing to store is answered 200 and reaches no topic."""
    build, has_id = EMPTY[name]
    event_id = new_event_id()
    answer = bench.door.envelope(shared_project.id, shared_project.key.public, build(event_id))
    assert answer.status == 200, str(answer)
    assert answer.json == ({"id": event_id} if has_id else {})
    bench.require_absent(shared_project, event_id)


@pytest.mark.requirement("ING-002")
def test_the_ingest_message_has_the_layout_of_the_contract(bench: Bench, shared_project: ProjectRef) -> None:
    """A message on the ingest topic carries id, project, start time and sender as Relay's contract says."""
    event_id = new_event_id()
    answer = bench.door.event(shared_project.id, shared_project.key.public, {"message": "layout"}, event_id=event_id)
    message = bench.tap.wait(INGEST_EVENTS, event_id, timeout=LIMITS.hop_ingest, details=bench.positions)
    assert answer.status == 200
    assert message.value["type"] == "event"
    assert message.value["project_id"] == shared_project.id
    assert abs(int(message.value["start_time"]) - answer.left) < 60
    assert len(message.key or b"") == 16
