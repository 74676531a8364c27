"""Inbound filters: each drops what it names, tells why in an outcome, and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.clients.envelope import new_event_id
from fixtures.clients.kafka_tap import INGEST_EVENTS
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench
from fixtures.timeouts import LIMITS

OLD_BROWSER = "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)"
MODERN_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def _browser(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any event field
    # With an address of its own: without one Relay takes the sender's, which may be loopback and thus localhost.
    return {"platform": "javascript", "user": {"ip_address": "203.0.113.20"}, **fields}


def _agent(name: str) -> dict[str, Any]:
    return _browser(request={"url": "https://shop.example.test/", "headers": {"User-Agent": name}})


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What must be dropped with ``reason``, and a near miss that must pass."""

    reason: str
    dropped: Mapping[str, Any]
    passes: Mapping[str, Any]


FILTERS = (
    Filter(
        reason="browser-extensions",
        dropped=_browser(exception=[{"type": "Error", "value": "plugin.setSuspendState is not a function"}]),
        passes=_browser(exception=[{"type": "Error", "value": "cart.add is not a function"}]),
    ),
    Filter(reason="legacy-browsers", dropped=_agent(OLD_BROWSER), passes=_agent(MODERN_BROWSER)),
    Filter(reason="web-crawlers", dropped=_agent(CRAWLER), passes=_agent(MODERN_BROWSER)),
    Filter(
        reason="localhost",
        dropped={"request": {"url": "http://localhost:8000/cart"}},
        passes={"request": {"url": "https://shop.example.test/cart"}},
    ),
    Filter(
        reason="error-message",
        dropped={"exception": [{"type": "IgnoreMe", "value": "as asked"}]},
        passes={"exception": [{"type": "KeepMe", "value": "as asked"}]},
    ),
    Filter(reason="release-version", dropped={"release": "0.0.1-rc1"}, passes={"release": "1.0.1"}),
)


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """Ids of what was sent per reason: dropped and passing."""

    project: ProjectRef
    dropped: Mapping[str, str]
    passing: Mapping[str, str]


@pytest.fixture(scope="module")
def filtered(bench: Bench) -> Filtered:
    """A project with every filter on; Relay first hears of it after that, so it never knows it otherwise."""
    project = bench.project("filters")
    for name in ("browser-extensions", "localhost", "web-crawlers"):
        bench.api.set_filter(project.slug, name, active=True)
    bench.api.set_filter(project.slug, "legacy-browsers", subfilters=["ie_pre_9"])
    options = {"filters:error_messages": "IgnoreMe*", "filters:releases": "0.0.*"}
    bench.api.update_project(project.slug, options=options)
    dropped, passing = {}, {}
    for rule in FILTERS:
        dropped[rule.reason] = _send(bench, project, rule.dropped)
        passing[rule.reason] = _send(bench, project, rule.passes)
    return Filtered(project=project, dropped=dropped, passing=passing)


def _send(bench: Bench, project: ProjectRef, event: Mapping[str, Any]) -> str:
    event_id = new_event_id()
    answer = bench.door.event(project.id, project.key.public, {"level": "error", **event}, event_id=event_id)
    assert answer.status == 200, str(answer)
    return event_id


@pytest.mark.requirement("ING-006")
@pytest.mark.parametrize("rule", FILTERS, ids=lambda rule: rule.reason)
def test_a_filter_drops_what_it_names_and_nothing_else(bench: Bench, filtered: Filtered, rule: Filter) -> None:
    """A matching event is taken with 200 and reaches no topic; a near miss passes."""
    limit = LIMITS.hop_ingest + LIMITS.config_propagation
    passing = filtered.passing[rule.reason]
    bench.tap.wait(INGEST_EVENTS, passing, timeout=limit, details=lambda: bench.whereabouts(filtered.project, passing))
    bench.require_absent(filtered.project, filtered.dropped[rule.reason])


@pytest.mark.requirement("ING-006", "ING-007")
def test_every_filtered_event_is_an_outcome_with_its_reason(bench: Bench, filtered: Filtered, record: Recorder) -> None:
    """Each filter's drop is counted once as filtered, with the filter's own reason."""
    wanted = dict.fromkeys((rule.reason for rule in FILTERS), 1)
    found = bench.outcomes(
        filtered.project,
        lambda seen: None if sum(o.quantity for o in seen if o.outcome == 1) >= len(wanted) else "some are missing",
    )
    counted = {str(o.reason): o.quantity for o in found if o.outcome == 1}
    record.grid("filtered by reason", ("reason", "events"), sorted(counted.items()))
    assert counted == wanted


@pytest.mark.requirement("ING-006", "ING-007")
def test_a_blocked_address_is_filtered(bench: Bench, project: ProjectRef) -> None:
    """Events from an address that a project blocks are dropped and counted, whatever they hold."""
    address = _own_address(bench, bench.project("address"))
    bench.api.update_project(project.slug, options={"filters:blacklisted_ips": address})
    dropped = _send(bench, project, {"message": "from a blocked address"})
    found = bench.outcomes(project, lambda seen: None if seen else "no outcome at all")
    assert [(o.outcome, o.reason, o.quantity) for o in found] == [(1, "ip-address", 1)]
    assert not bench.tap.seen(INGEST_EVENTS, dropped)


def _own_address(bench: Bench, project: ProjectRef) -> str:
    """The address under which Relay sees this sender: it may be loopback, which the filter for localhost drops."""
    event_id = _send(bench, project, {"message": "who am I", "user": {"id": "suite", "ip_address": "{{auto}}"}})
    limit = LIMITS.hop_ingest + LIMITS.config_propagation
    return str(bench.tap.wait(INGEST_EVENTS, event_id, timeout=limit).event["user"]["ip_address"])
