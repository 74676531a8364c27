"""Every kind of item that an SDK sends: where it goes, and that it can be read back where this platform stores it."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.clients.door import Request, query_auth
from fixtures.clients.envelope import Item, attachment_item, envelope, event_item, json_item, new_event_id
from fixtures.clients.kafka_tap import INGEST_ATTACHMENTS, INGEST_METRICS, INGEST_MONITORS, INGEST_TRANSACTIONS, Message
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, unique
from fixtures.stack import Capability
from fixtures.timeouts import LIMITS
from fixtures.verdicts import not_applicable, require
from fixtures.waiting import Reached, wait_for

LARGE = 2_500_000  # bytes; Relay sends attachments over 1 MiB in chunks


def _now(offset: float = 0.0) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=offset)).isoformat()


def _send(bench: Bench, project: ProjectRef, *items: Item, event_id: str | None = None) -> None:
    answer = bench.door.envelope(project.id, project.key.public, envelope(*items, event_id=event_id))
    assert answer.status == 200, str(answer)


def _of_project(bench: Bench, topic: str, project: ProjectRef, wanted: Callable[[Message], bool]) -> Message:
    """The first message of a project on ``topic`` that is ``wanted``."""

    def probe() -> Reached[Message] | str:
        found = bench.tap.of_project(topic, project.id)
        hit = next((message for message in found if wanted(message)), None)
        return Reached(hit) if hit else f"{len(found)} other messages of the project"

    limit = LIMITS.hop_ingest + LIMITS.config_propagation
    return wait_for(f"a message of project {project.id} on {topic}", probe, timeout=limit, details=bench.positions)


@pytest.mark.requirement("ING-004")
def test_a_message_event_is_stored(bench: Bench, shared_project: ProjectRef) -> None:
    """A message with parameters is stored with its level and its formatted text."""
    event_id = new_event_id()
    entry = {"message": "disk %s is full", "params": ["sda1"]}
    _send(bench, shared_project, event_item({"logentry": entry, "level": "warning"}), event_id=event_id)
    event = bench.event(shared_project, event_id)
    assert event["title"] == "disk sda1 is full"
    assert {"key": "level", "value": "warning"} in [{k: tag[k] for k in ("key", "value")} for tag in event["tags"]]


@dataclass(frozen=True, kw_only=True)
class WithFiles:
    """An event that was sent with a small and a large attachment."""

    project: ProjectRef
    event_id: str
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def with_files(bench: Bench, shared_project: ProjectRef) -> WithFiles:
    """Sent once for the checks on attachments."""
    event_id = new_event_id()
    files = {"small.txt": b"small one", "large.bin": bytes(range(256)) * (LARGE // 256)}
    items = [attachment_item(name, content) for name, content in files.items()]
    _send(bench, shared_project, event_item({"message": "with attachments"}), *items, event_id=event_id)
    return WithFiles(project=shared_project, event_id=event_id, files=files)


@pytest.mark.requirement("ING-004")
def test_an_event_with_attachments_takes_the_attachments_topic(bench: Bench, with_files: WithFiles) -> None:
    """The event comes on ingest-attachments after its files, each in ordered chunks that make up its bytes."""
    limit = LIMITS.hop_ingest + LIMITS.config_propagation

    def probe() -> Reached[tuple[Message, ...]] | str:
        found = bench.tap.seen(INGEST_ATTACHMENTS, with_files.event_id)
        kinds = [message.value["type"] for message in found]
        return Reached(found) if "event" in kinds else f"only {kinds}"

    found = wait_for("the event on ingest-attachments", probe, timeout=limit, details=bench.positions)
    chunks = [message.value for message in found if message.value["type"] == "attachment_chunk"]
    (event,) = (message.value for message in found if message.value["type"] == "event")
    assert found[-1].value["type"] == "event"
    for attachment in event["attachments"]:
        own = [chunk for chunk in chunks if chunk["id"] == attachment["id"]]
        content = b"".join(chunk["payload"] for chunk in own) or attachment.get("data", b"")
        assert [chunk["chunk_index"] for chunk in own] == list(range(attachment.get("chunks", 0)))
        assert content == with_files.files[attachment["name"]]
    assert {attachment["name"] for attachment in event["attachments"]} == set(with_files.files)


@pytest.mark.requirement("ING-004")
def test_attachments_can_be_read_back(bench: Bench, with_files: WithFiles) -> None:
    """Both files are listed for their event with name and size, and download byte for byte."""
    path = bench.api.project_path(with_files.project.slug, f"events/{with_files.event_id}/attachments/")
    bench.event(with_files.project, with_files.event_id)

    def probe() -> Reached[list[dict[str, Any]]] | str:
        found = bench.api.get(path)
        return Reached(found) if len(found) == len(with_files.files) else f"{len(found)} attachments listed"

    for attachment in wait_for("both attachments at the API", probe, timeout=LIMITS.hop_api, interval=0.2):
        answer = bench.api.request("GET", f"{path}{attachment['id']}/", params={"download": "1"})
        assert attachment["size"] == len(with_files.files[attachment["name"]])
        assert answer.content == with_files.files[attachment["name"]]


@pytest.mark.requirement("ING-004")
def test_a_user_report_reaches_its_event(bench: Bench, shared_project: ProjectRef) -> None:
    """A user report sent after an event is shown by the API with the event it belongs to."""
    event_id = new_event_id()
    _send(bench, shared_project, event_item({"message": "with a report"}), event_id=event_id)
    bench.event(shared_project, event_id)
    comments = unique("it broke")
    report = {"event_id": event_id, "name": "Ada", "email": "ada@example.test", "comments": comments}
    _send(bench, shared_project, json_item("user_report", report), event_id=event_id)

    def probe() -> Reached[dict[str, Any]] | str:
        found = bench.api.get(bench.api.project_path(shared_project.slug, "user-feedback/"))
        hit = next((entry for entry in found if entry["comments"] == comments), None)
        return Reached(hit) if hit else f"{len(found)} other reports"

    shown = wait_for("the user report at the API", probe, timeout=LIMITS.hop_api, interval=0.2, details=bench.positions)
    assert shown["eventID"] == event_id
    assert shown["name"] == "Ada"


@pytest.mark.requirement("ING-004")
def test_a_security_report_becomes_an_event(bench: Bench, project: ProjectRef) -> None:
    """A browser's CSP report to the security endpoint is stored as an event of type csp."""
    report = {
        "csp-report": {
            "document-uri": "https://shop.example.test/cart",
            "violated-directive": "img-src 'self'",
            "effective-directive": "img-src",
            "original-policy": "img-src 'self'",
            "blocked-uri": "https://evil.example.test/pixel.png",
        }
    }
    request = Request(
        path=f"/api/{project.id}/security/",
        body=json.dumps(report).encode(),
        query=query_auth(project.key.public),
        headers={"Content-Type": "application/csp-report"},
    )
    answer = bench.door.send(request)
    assert answer.status == 200, str(answer)

    def probe() -> Reached[str] | str:
        sql = "SELECT toString(type) AS t FROM errors_local FINAL WHERE project_id = %(project)s"
        found = [row["t"] for row in bench.clickhouse.query(sql, project=project.id)]
        return Reached(found[0]) if found else f"no row of the project; outcomes {bench.outcome_text(project)}"

    kind = wait_for("the report's row", probe, timeout=LIMITS.hop_row + LIMITS.hop_events, interval=0.1)
    assert kind == "csp"


def _transaction(event_id: str) -> dict[str, Any]:
    trace_id = uuid.uuid4().hex
    return {
        "event_id": event_id,
        "type": "transaction",
        "transaction": "/checkout",
        "start_timestamp": _now(-1),
        "timestamp": _now(),
        "contexts": {"trace": {"trace_id": trace_id, "span_id": "a" * 16, "op": "http.server"}},
        "spans": [],
    }


@pytest.mark.requirement("ING-004")
def test_a_transaction_reaches_its_topic(bench: Bench, shared_project: ProjectRef) -> None:
    """A transaction is accepted and is on ingest-transactions with its name and trace."""
    event_id = new_event_id()
    sent = _transaction(event_id)
    _send(bench, shared_project, json_item("transaction", sent), event_id=event_id)
    limit = LIMITS.hop_ingest + LIMITS.config_propagation
    message = bench.tap.wait(INGEST_TRANSACTIONS, event_id, timeout=limit, details=bench.positions)
    assert message.event["transaction"] == "/checkout"
    assert message.event["contexts"]["trace"]["trace_id"] == sent["contexts"]["trace"]["trace_id"]


@pytest.mark.requirement("ING-004")
def test_a_transaction_can_be_read_back(bench: Bench, shared_project: ProjectRef) -> None:
    """A transaction is readable by the web API."""
    require(bench.stack, Capability.TRANSACTIONS)
    event_id = new_event_id()
    _send(bench, shared_project, json_item("transaction", _transaction(event_id)), event_id=event_id)
    assert bench.event(shared_project, event_id)["type"] == "transaction"


def _session() -> Item:
    attributes = {"release": "shop@1.4.2", "environment": "conformance"}
    return json_item(
        "session",
        {
            "sid": str(uuid.uuid4()),
            "init": True,
            "started": _now(),
            "timestamp": _now(),
            "status": "ok",
            "attrs": attributes,
        },
    )


@pytest.mark.requirement("ING-004")
def test_a_session_becomes_metrics_on_their_topic(bench: Bench, project: ProjectRef) -> None:
    """A session is counted by Relay: its metric is on ingest-metrics with release and environment."""
    _send(bench, project, _session())
    found = _of_project(bench, INGEST_METRICS, project, lambda m: m.value["name"] == "c:sessions/session@none")
    tags = found.value["tags"]
    assert (tags["release"], tags["environment"]) == ("shop@1.4.2", "conformance")


@pytest.mark.requirement("ING-004")
def test_a_session_can_be_read_back(bench: Bench, shared_project: ProjectRef) -> None:
    """A session is counted by the release health API."""
    require(bench.stack, Capability.SESSIONS)
    _send(bench, shared_project, _session())

    def probe() -> Reached[float] | str:
        query = {"field": "sum(session)", "project": shared_project.id, "statsPeriod": "1h", "interval": "1h"}
        groups = bench.api.get(bench.api.organization_path("sessions/"), **query)["groups"]
        total = sum(float(group["totals"]["sum(session)"]) for group in groups)
        return Reached(total) if total else "no session counted"

    assert wait_for("the session at the API", probe, timeout=LIMITS.hop_api, interval=0.5) == 1


@pytest.mark.requirement("ING-004")
@pytest.mark.parametrize("way", ["cron endpoint", "envelope"])
def test_a_check_in_reaches_its_topic(bench: Bench, shared_project: ProjectRef, way: str) -> None:
    """A monitor's check-in is taken (202 by the cron endpoint) and is on ingest-monitors with slug and status."""
    slug = unique("nightly")
    if way == "envelope":
        body = {"check_in_id": uuid.uuid4().hex, "monitor_slug": slug, "status": "ok"}
        _send(bench, shared_project, json_item("check_in", body))
    else:
        path = f"/api/{shared_project.id}/cron/{slug}/{shared_project.key.public}/"
        answer = bench.door.send(Request(path=path, method="GET", query="status=ok"))
        assert answer.status == 202, str(answer)
    found = _of_project(bench, INGEST_MONITORS, shared_project, lambda m: slug.encode() in m.value["payload"])
    payload = json.loads(found.value["payload"])
    assert (payload["monitor_slug"], payload["status"]) == (slug, "ok")


@pytest.mark.requirement("ING-004")
def test_a_check_in_can_be_read_back(bench: Bench, shared_project: ProjectRef) -> None:
    """A check-in makes its monitor and is listed by the API."""
    require(bench.stack, Capability.CHECK_INS)
    slug = unique("nightly")
    config = {"schedule": {"type": "crontab", "value": "0 3 * * *"}}
    check_in = {"check_in_id": uuid.uuid4().hex, "monitor_slug": slug, "status": "ok", "monitor_config": config}
    _send(bench, shared_project, json_item("check_in", check_in))

    def probe() -> Reached[Any] | str:
        answer = bench.api.request("GET", bench.api.organization_path(f"monitors/{slug}/checkins/"))
        found = answer.json() if answer.status_code == 200 else []
        return Reached(found) if found else f"HTTP {answer.status_code}"

    assert wait_for("the check-in at the API", probe, timeout=LIMITS.hop_api, interval=0.5)[0]["status"] == "ok"


@pytest.mark.requirement("ING-004")
def test_a_client_report_becomes_an_outcome(bench: Bench, project: ProjectRef) -> None:
    """What an SDK says it discarded is stored as outcomes of kind client discard, summed by reason."""
    discarded = [{"reason": "queue_overflow", "category": "error", "quantity": 5}]
    for _ in range(2):
        _send(bench, project, json_item("client_report", {"timestamp": _now(), "discarded_events": discarded}))
    found = bench.outcomes(
        project,
        lambda seen: None if sum(o.quantity for o in seen if o.outcome == 5) >= 10 else "fewer than 10 client discards",
    )
    assert {(o.outcome, o.reason, o.category) for o in found} == {(5, "queue_overflow", 1)}
    assert sum(o.quantity for o in found) == 10


# Item types beyond errors, by the topic that Relay 26.8.0 writes them to.
OPTIONAL = {
    "profile": "profiles",
    "replay_recording": "ingest-replay-recordings",
    "feedback": "ingest-feedback-events",
    "log": "snuba-items",
    "trace_metric": "snuba-items",
    "span": "ingest-spans",
}


@pytest.mark.requirement("ING-004")
@pytest.mark.parametrize("kind", OPTIONAL)
def test_an_item_type_beyond_errors_is_consumed(bench: Bench, kind: str, record: Recorder) -> None:
    """An item type that this platform keeps has a live consumer of its topic without lag."""
    topic = OPTIONAL[kind]
    live = [p for p in bench.kafka.grid() if p.topic == topic and p.members]
    if not live:
        web = next((c.version for c in bench.stack.components if c.name == "sentry-web"), "unknown")
        not_applicable(
            f"no group consumes topic {topic} here (Sentry {web}, errors-only), so a {kind} cannot be stored"
        )
    record.figure(f"lag of {topic}", sum(p.lag or 0 for p in live), "messages")
    assert all(p.committed is not None for p in live if p.end), live
