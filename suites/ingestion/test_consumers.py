"""Every topic that is written to is read: live groups, known positions, no lag at rest, no gap after a late start."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures import manifests
from fixtures.clients.envelope import envelope, json_item
from fixtures.clients.kafka import Position, describe
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, Sender
from fixtures.stack import Capability
from fixtures.timeouts import LIMITS
from fixtures.verdicts import not_applicable, require, unknown
from fixtures.waiting import Reached, wait_for

USERS = Path(__file__).parents[2] / "manifests" / "kafka" / "users.yaml"
WRITERS = ("relay", "sentry", "snuba")
# Seconds between one more event and the next while a position is not yet past the end.
NEXT_EVENT = 0.5
NOT_ERRORS = "holds no errors: its consumer is not part of the errors-only profile"

# How many groups must read a topic: events is read by Snuba and by Sentry's post-process forwarder.
CONSUMED: Mapping[str, int] = {
    "ingest-events": 1,
    "ingest-attachments": 1,
    "ingest-transactions": 1,
    "events": 2,
    "outcomes": 1,
    "outcomes-billing": 1,
}
UNCONSUMED: Mapping[str, str] = {
    "ingest-feedback-events": NOT_ERRORS,
    "ingest-metrics": NOT_ERRORS,
    "ingest-monitors": NOT_ERRORS,
    "ingest-occurrences": NOT_ERRORS,
    "ingest-performance-metrics": "no longer written by Relay after 26.9.0, and holds no errors",
    "ingest-replay-events": NOT_ERRORS,
    "ingest-replay-recordings": NOT_ERRORS,
    "ingest-spans": NOT_ERRORS,
    "profiles": NOT_ERRORS,
    "snuba-items": NOT_ERRORS,
    "transactions": NOT_ERRORS,
    "generic-events": NOT_ERRORS,
    "event-replacements": "read by Snuba's replacer, which may work inside its consumer",
    "snuba-commit-log": "read by the post-process forwarder in a new group at each start, which commits nothing",
    "snuba-transactions-commit-log": NOT_ERRORS,
    "snuba-generic-events-commit-log": NOT_ERRORS,
}


@pytest.fixture(scope="module")
def used(bench: Bench) -> Sender:
    """One stored event and one client report, so that every topic of the path of errors was written to."""
    sender = bench.sender(bench.project("consumers"))
    sender.event()
    report = json_item(
        "client_report", {"discarded_events": [{"reason": "sample_rate", "category": "error", "quantity": 1}]}
    )
    bench.door.envelope(sender.project.id, sender.project.key.public, envelope(report))
    verdict = bench.verdict(sender)
    assert verdict.proven, str(verdict)
    return sender


@pytest.mark.requirement("ING-014")
@pytest.mark.parametrize("topic", CONSUMED)
def test_a_topic_has_live_consumers_with_known_positions(bench: Bench, used: Sender, topic: str) -> None:
    """Each partition of the topic has as many groups as it needs, each with one live member and a position."""
    assert used.ids

    def probe() -> Reached[list[Position]] | str:
        found = [p for p in bench.kafka.grid() if p.topic == topic and p.members]
        partitions = {p.partition for p in found}
        unread = [p for p in found if p.committed is None and p.end > 0]
        short = [n for n in partitions if len({p.group for p in found if p.partition == n}) < CONSUMED[topic]]
        if not found or short or unread:
            return f"wanted {CONSUMED[topic]} groups with a position on {topic}, found:\n{describe(found)}"
        return Reached(found)

    found = wait_for(f"live consumers of {topic}", probe, timeout=LIMITS.hop_row, interval=0.3, in_a_row=2)
    assert len({p.partition for p in found}) == bench.kafka.topics()[topic]
    assert all(p.members == 1 for p in found), describe(found)


@pytest.mark.requirement("ING-014")
def test_every_written_topic_is_accounted_for(bench: Bench, record: Recorder) -> None:
    """Each topic of the broker, and each that a user of the platform may write, is read or has a reason why not."""
    users = manifests.load(USERS).users
    granted = [grant for user in users if user.metadata.name in WRITERS for grant in manifests.grants(user)]
    written = {grant.name for grant in granted if grant.resource == "topic" and grant.operation == "Write"}
    topics = bench.kafka.topics()
    grid = bench.kafka.grid()
    record.grid(
        "topics and groups",
        ("topic", "partition", "end offset", "group", "committed", "lag", "members"),
        [(p.topic, p.partition, p.end, p.group, p.committed, p.lag, p.members) for p in grid],
    )
    read = {position.topic for position in grid}
    rest = [(topic, UNCONSUMED[topic]) for topic in topics if topic in UNCONSUMED and topic not in read]
    record.grid("topics without a consumer", ("topic", "reason"), rest)
    assert written <= set(topics), f"may be written but do not exist: {written - set(topics)}"
    assert set(topics) - read <= set(UNCONSUMED), "topics that nobody reads and no reason is known for"


@pytest.mark.requirement("ING-014")
@pytest.mark.alone(reason="lag at rest can only be seen while no other check sends")
def test_there_is_no_lag_at_rest(bench: Bench, sender: Sender, record: Recorder) -> None:
    """Once the last event is stored, every live group gets past the end that each topic had at that moment."""
    sender.event()
    bench.require_stored(sender, record)
    ends, sent = bench.kafka.ends(CONSUMED), time.monotonic()

    def probe() -> Reached[list[Position]] | str:
        nonlocal sent
        live = [position for position in bench.kafka.grid() if position.members and position.topic in CONSUMED]
        behind = [p for p in live if (p.committed or 0) < ends[p.topic, p.partition]]
        if live and not behind:
            return Reached(live)
        # Sentry 23.7.1's forwarder writes a position down only when a later message has come, and at most once a
        # second: one more event tells what was not read from what was not written.
        if time.monotonic() - sent > NEXT_EVENT:
            sender.event()
            sent = time.monotonic()
        return f"behind {ends}:\n{describe(behind)}"

    live = wait_for("all live groups to get past the end", probe, timeout=LIMITS.hop_events, interval=0.2, in_a_row=2)
    record.figure("live group positions without lag", len(live), "positions")
    record.figure("events until all positions were written down", len(sender.ids), "events")
    assert {position.topic for position in live} == set(CONSUMED)


@contextmanager
def _stopped(bench: Bench, component: str, part: str) -> Iterator[str]:
    """One server stopped for a while, and started again whatever happens."""
    require(bench.stack, Capability.CONTROLS)
    servers = bench.stack.controls.servers()
    found = [name for name, belongs in servers.items() if belongs == component and part in name]
    if not found:
        not_applicable(f"this stack has no server of {component} with {part!r} in its name to stop alone")
    bench.stack.controls.stop(found[0])
    try:
        yield found[0]
    finally:
        bench.stack.controls.start(found[0])


# Component, part of its server's name, the topic that waits while it is stopped.
LATE = (("snuba", "consumer", EVENTS), ("sentry-worker", "ingest", INGEST_EVENTS))


@pytest.mark.requirement("ING-015")
@pytest.mark.alone(reason="it stops a consumer that every other check needs")
@pytest.mark.parametrize(("component", "part", "topic"), LATE, ids=lambda value: str(value))
def test_nothing_is_left_unread_after_a_late_start(
    bench: Bench, sender: Sender, component: str, part: str, topic: str, record: Recorder
) -> None:
    """Events that came while a consumer was down are stored once each after it starts."""
    bench.marker(sender.project)
    with _stopped(bench, component, part) as server:
        for _ in range(3):
            sender.event()
        for event_id in sender.ids:
            bench.tap.wait(topic, event_id, timeout=LIMITS.hop_events, details=bench.positions)
        if any(bench.clickhouse.rows(sender.ids).values()):
            unknown(f"rows appeared while {server} was stopped: something else consumes {topic}")
        record.evidence("positions while stopped", bench.positions())
    bench.require_stored(sender, record)
    record.evidence("positions afterwards", bench.positions())
