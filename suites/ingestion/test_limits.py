"""A project key's rate limit: what passes, what is refused and how, what is told of it, and what is untouched."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from fixtures.clients.door import Answer
from fixtures.clients.envelope import envelope, json_item
from fixtures.clients.kafka_tap import INGEST_EVENTS
from fixtures.clients.sentry_api import Key, ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, Sender
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for

COUNT = 3
# A day, so that the end of a quota's window practically never falls into a check.
WINDOW = 86_400
HEADER = re.compile(r"(\d+):default;error;security:key:key_quota")
MAXIMUM = 300  # seconds: Relay's processing.max_rate_limit


@dataclass(frozen=True, kw_only=True)
class Limited:
    """A key beyond its limit: every answer in order, the last one a 429."""

    project: ProjectRef
    key: Key
    sender: Sender
    answers: tuple[Answer, ...]

    @property
    def refused(self) -> Answer:
        """The first 429."""
        return next(answer for answer in self.answers if answer.status == 429)


@pytest.fixture(scope="module")
def limited(bench: Bench) -> Limited:
    """Sends with a limited key until the door refuses, and once more."""
    project = bench.project("limited")
    key = bench.api.create_key(project.slug, "limited", rate_limit={"window": WINDOW, "count": COUNT})
    sender = bench.sender(project, key=key)
    answers = [sender.event()]
    bench.tap.wait(INGEST_EVENTS, str(answers[0].event_id), timeout=LIMITS.hop_ingest + LIMITS.config_propagation)

    def probe() -> Reached[None] | str:
        answers.append(sender.event())
        return Reached(None) if answers[-1].status == 429 else f"{len(answers)} sent, last {answers[-1]}"

    # Twice in a row: Relay forgets a limit together with the project's configuration, and asks the store again.
    wait_for("the door to answer 429", probe, timeout=LIMITS.config_propagation, in_a_row=2)
    return Limited(project=project, key=key, sender=sender, answers=tuple(answers))


@pytest.mark.requirement("ING-005")
def test_exactly_the_allowed_number_is_stored(bench: Bench, limited: Limited) -> None:
    """Of all events sent with a limited key, exactly as many as the limit allows are stored, the first ones."""
    other = bench.api.create_key(limited.project.slug, "unlimited")
    bench.require_absent(limited.project, limited.sender.ids[-1], key=other)
    passed = [i for i in limited.sender.ids if bench.tap.seen(INGEST_EVENTS, i)]
    assert passed == list(limited.sender.ids[:COUNT])
    rows = wait_for(
        "rows of the events that passed",
        lambda: _rows(bench, passed),
        timeout=LIMITS.hop_row + LIMITS.hop_events,
        details=bench.positions,
    )
    assert rows == COUNT


def _rows(bench: Bench, ids: list[str]) -> Reached[int] | str:
    count = sum(len(rows) for rows in bench.clickhouse.rows(ids).values())
    return Reached(count) if count >= len(ids) else f"{count} of {len(ids)} rows"


@pytest.mark.requirement("ING-005")
def test_a_refusal_tells_the_client_how_long_to_wait(limited: Limited, record: Recorder) -> None:
    """A 429 names categories, scope and reason in X-Sentry-Rate-Limits, and Retry-After agrees with it."""
    headers = limited.refused.headers
    record.figure("X-Sentry-Rate-Limits", headers.get("X-Sentry-Rate-Limits", ""), "")
    match = HEADER.fullmatch(headers.get("X-Sentry-Rate-Limits", ""))
    assert match, dict(headers)
    assert headers["Retry-After"] == match[1]
    assert 1 <= int(match[1]) <= MAXIMUM
    assert all("X-Sentry-Rate-Limits" not in answer.headers for answer in limited.answers if answer.status == 200)


@pytest.mark.requirement("ING-005")
def test_once_refused_a_key_stays_refused(limited: Limited) -> None:
    """After the first 429 the next event of the same key is refused too, within the announced time."""
    assert [answer.status for answer in limited.answers[-2:]] == [429, 429]


@pytest.mark.requirement("ING-005")
def test_another_key_of_the_project_is_untouched(bench: Bench, limited: Limited, record: Recorder) -> None:
    """While one key is refused, all events of another key of the same project are stored."""
    sender = bench.sender(limited.project, key=bench.api.create_key(limited.project.slug, "untouched"))
    assert [sender.event().status for _ in range(COUNT + 2)] == [200] * (COUNT + 2)
    bench.require_stored(sender, record)


@pytest.mark.requirement("ING-005")
def test_another_category_of_the_key_is_untouched(bench: Bench, limited: Limited) -> None:
    """A key refused for errors still takes a client report, which counts to no error category."""
    report = json_item(
        "client_report", {"discarded_events": [{"reason": "sample_rate", "category": "error", "quantity": 1}]}
    )

    def probe() -> Reached[int] | str:
        before = limited.sender.event().status
        answer = bench.door.envelope(limited.project.id, limited.key.public, envelope(report))
        after = limited.sender.event().status
        # Relay may forget the limit in between, together with the project's configuration: then ask again.
        return Reached(answer.status) if before == after == 429 else f"events answered {before} and {after}"

    assert wait_for("a report between two 429", probe, timeout=LIMITS.config_propagation) == 200


@pytest.mark.requirement("ING-005", "ING-007")
def test_every_limited_event_is_an_outcome(bench: Bench, project: ProjectRef) -> None:
    """Each event beyond the limit, answered 200 or 429 alike, is counted as rate limited with its reason and key."""
    key = bench.api.create_key(project.slug, "counted", rate_limit={"window": WINDOW, "count": COUNT})
    sender = bench.sender(project, key=key)
    sent = COUNT + 5
    for _ in range(sent):
        sender.event()
    found = bench.outcomes(
        project,
        lambda seen: None if sum(o.quantity for o in seen) >= sent else f"fewer than {sent} outcomes",
    )
    limited = [o for o in found if o.outcome == 2]
    assert {(o.reason, o.category) for o in limited} == {("key_quota", 1)}
    assert sum(o.quantity for o in limited) == sent - COUNT
    assert len({o.key_id for o in limited}) == 1
