"""What the platform makes of an event before it stores it: scrubbing, trimming, names and clocks."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.clients.envelope import envelope, event_item, new_event_id
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.ingestion import Bench
from fixtures.timeouts import LIMITS
from suites.ingestion.normalisation_rules import CARD, FILTERED, NAMES, SCRUBBING, TRIMMING, Rule, clocks

RULES: tuple[Rule, ...] = (*SCRUBBING, *TRIMMING, *NAMES, *clocks())


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Every rule's event, sent once: rule name to event id."""

    project: ProjectRef
    ids: Mapping[str, str]


def _send(bench: Bench, project: ProjectRef, event: Mapping[str, Any], **header: Any) -> str:  # noqa: ANN401
    event_id = new_event_id()
    body = envelope(event_item({"platform": "python", **event}), event_id=event_id, **header)
    answer = bench.door.envelope(project.id, project.key.public, body)
    assert answer.status == 200, str(answer)
    return event_id


@pytest.fixture(scope="module")
def batch(bench: Bench) -> Batch:
    """All rules' events in one project with Sentry's default settings."""
    project = bench.project("normalise")
    moment = {rule.name: rule for rule in clocks()}
    rules = [moment.get(rule.name, rule) for rule in RULES]
    return Batch(project=project, ids={rule.name: _send(bench, project, rule.sent, **rule.header) for rule in rules})


def _stored(bench: Bench, project: ProjectRef, event_id: str) -> dict[str, Any]:
    """The document that Sentry stored and handed on, from the topic after it."""
    return bench.tap.wait(
        EVENTS,
        event_id,
        timeout=LIMITS.hop_events,
        details=lambda: bench.whereabouts(project, event_id),
    ).event


@pytest.mark.requirement("ING-008")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_stored_event_is_normalised(bench: Bench, batch: Batch, rule: Rule) -> None:
    """Scrubbing, trimming, names and clocks follow Relay's contract in the document that is stored."""
    document = _stored(bench, batch.project, batch.ids[rule.name])
    found = rule.look(document)
    assert found == rule.expected, f"{rule.name}: sent {str(rule.sent)[:200]}, stored {str(found)[:200]}"


@pytest.mark.requirement("ING-008")
def test_secrets_are_gone_before_kafka(bench: Bench, shared_project: ProjectRef) -> None:
    """No byte of a password or a card number is on the first topic, in the row's message or at the API."""
    secret = f"hunter2-{new_event_id()}"
    sent = {"message": f"card {CARD}", "extra": {"password": secret, "deep": {"secret": [secret]}}}
    event_id = _send(bench, shared_project, sent)
    shown = bench.document(shared_project, event_id)
    on_kafka = bench.tap.seen(INGEST_EVENTS, event_id)[0].value["payload"].decode()
    for text in (on_kafka, json.dumps(shown), json.dumps(bench.event(shared_project, event_id))):
        assert secret not in text
        assert CARD not in text


@pytest.mark.requirement("ING-008")
def test_scrubbing_follows_the_project_settings(bench: Bench, project: ProjectRef) -> None:
    """A project's own sensitive fields are scrubbed, its safe fields are not, and addresses go when it asks so."""
    bench.api.update_project(project.slug, sensitiveFields=["salary"], safeFields=["password"], scrubIPAddresses=True)
    sent = {"extra": {"salary": "100", "password": "kept"}, "user": {"id": "1", "ip_address": "203.0.113.9"}}
    document = _stored(bench, project, _send(bench, project, sent))
    assert document["extra"] == {"salary": FILTERED, "password": "kept"}
    assert document["user"].get("ip_address") is None


@pytest.mark.requirement("ING-008")
def test_scrubbing_can_be_switched_off(bench: Bench, project: ProjectRef) -> None:
    """With the data scrubber off a password is stored as sent, so it is the setting that scrubs it elsewhere."""
    bench.api.update_project(project.slug, dataScrubber=False, dataScrubberDefaults=False)
    document = _stored(bench, project, _send(bench, project, {"extra": {"password": "hunter2"}}))
    assert document["extra"] == {"password": "hunter2"}


@pytest.mark.requirement("ING-008")
def test_an_automatic_address_is_the_senders(bench: Bench, shared_project: ProjectRef) -> None:
    """A user address of {{auto}} becomes the sender's: neither a template nor the address of the door itself."""
    event_id = _send(bench, shared_project, {"user": {"id": "1", "ip_address": "{{auto}}"}})
    address = ipaddress.ip_address(_stored(bench, shared_project, event_id)["user"]["ip_address"])
    message = bench.tap.seen(INGEST_EVENTS, event_id)[0]
    assert str(address) == message.event["user"]["ip_address"], "it changed after Relay"
    # On one machine the sender and the door have the same address, that of loopback.
    assert address.is_loopback or str(address) != message.value["remote_addr"], "it is the door's own"


@pytest.mark.requirement("ING-008")
def test_the_api_shows_the_normalised_document(bench: Bench, batch: Batch) -> None:
    """The document at the web API is the one that was handed on to ClickHouse: nothing is scrubbed for show only."""
    event_id = batch.ids["card number in the message"]
    handed_on = _stored(bench, batch.project, event_id)
    shown = bench.document(batch.project, event_id)
    assert shown["logentry"]["formatted"] == handed_on["logentry"]["formatted"]
    for key in ("level", "platform", "tags", "contexts", "errors"):
        assert shown.get(key) == handed_on.get(key), key
