"""Faults of Relay: its written configuration, and Relay itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.detection.fault import Fault
from tests.detection.faults.names import (
    ALIVE,
    BAD_QUERY,
    CLIENT_REPORT,
    JOURNEY,
    LAYOUT,
    NORMALISED,
    OUTCOMES,
    REFUSES,
    TABLE,
    TAKES,
    TRANSACTION,
    TRANSACTION_READ,
    each,
)
from tests.detection.workshop import Workshop

LIMIT_TOLD = "test_limits.py::test_a_refusal_tells_the_client_how_long_to_wait"


def _configure(section: str, **values: Any) -> Callable[[Workshop], None]:  # noqa: ANN401 - YAML
    """Change values of one section of Relay's configuration."""

    def inject(workshop: Workshop) -> None:
        workshop.edit("relay/config.yml", lambda document: document.setdefault(section, {}).update(values))
        workshop.restart("relay")

    return inject


FAULTS = (
    Fault(
        id="relay-wrong-topic",
        sentence="Relay writes error events to a topic that no error consumer reads.",
        stands_for="topic names overridden in one chart's values and not in the other's",
        inject=_configure("processing", topics={"events": "ingest-feedback-events"}),
        must_fail=(JOURNEY, LAYOUT),
        must_pass=(TRANSACTION, ALIVE),
        quick=True,
    ),
    Fault(
        id="relay-other-topics-wrong",
        sentence="Relay writes transactions, session metrics and check-ins to the topic of spans.",
        stands_for="a catch-all topic left in the configuration after a test",
        inject=_configure(
            "processing",
            topics=dict.fromkeys(("transactions", "metrics_sessions", "monitors"), "ingest-spans"),
        ),
        must_fail=(
            TRANSACTION,
            TRANSACTION_READ,
            "test_item_types.py::test_a_session_becomes_metrics_on_their_topic",
            "test_item_types.py::test_a_check_in_reaches_its_topic",
        ),
        must_pass=(LAYOUT, JOURNEY),
    ),
    Fault(
        id="relay-takes-too-little",
        sentence="Relay refuses every event of more than 70 bytes.",
        stands_for="a size limit given in the wrong unit",
        inject=_configure("limits", max_event_size=70),
        must_fail=(TAKES, JOURNEY),
        must_pass=(ALIVE, TABLE),
    ),
    Fault(
        id="relay-takes-too-much",
        sentence="Relay takes events and client reports of any size.",
        stands_for="limits raised for one large customer; memory and the store pay for it",
        inject=_configure("limits", max_event_size="90MiB", max_client_reports_size="90MiB"),
        must_fail=(
            *each(REFUSES, "event of 1.2 MB", "client report of 101 KiB"),
            *each(REFUSES, "store of 2 MiB packed as gzip", "store of 2 MiB packed as zstd"),
            "test_door_refuses.py::test_a_store_request_over_its_limit_is_never_taken",
            "test_door_refuses.py::test_nothing_refused_reaches_a_topic",
        ),
        must_pass=(ALIVE, *each(REFUSES, "empty envelope body", "31 attachments")),
    ),
    Fault(
        id="relay-keeps-old-settings",
        sentence="Relay keeps a project's settings for an hour, so that a disabled key still works.",
        stands_for="a project cache tuned for load; a leaked key cannot be shut off",
        inject=_configure("cache", project_expiry=3600),
        must_fail=("test_door_refuses.py::test_a_disabled_key_is_refused",),
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="relay-outcomes-wrong-topic",
        sentence="Relay writes outcomes to a topic that nobody reads.",
        stands_for="outcomes configured for another cluster; losses are invisible on the statistics page",
        inject=_configure("processing", topics={"outcomes": "profiles", "outcomes_billing": "profiles"}),
        must_fail=(
            CLIENT_REPORT,
            "test_filters.py::test_every_filtered_event_is_an_outcome_with_its_reason",
            "test_filters.py::test_a_blocked_address_is_filtered",
            "test_limits.py::test_every_limited_event_is_an_outcome",
            OUTCOMES,
        ),
        must_pass=(LAYOUT, JOURNEY),
    ),
    Fault(
        id="relay-announces-a-day",
        sentence="Relay tells limited clients to stay silent for up to a day.",
        stands_for="a raised maximum of the announced limit; clients lose events long after the limit is lifted",
        inject=_configure("processing", max_rate_limit=86_400),
        must_fail=(LIMIT_TOLD,),
        must_pass=("test_limits.py::test_once_refused_a_key_stays_refused", ALIVE),
    ),
    Fault(
        id="relay-believes-clocks",
        sentence="Relay takes events from a year ahead as they are.",
        stands_for="a tolerance for clock drift far too wide; such events stand on top of every list",
        inject=_configure("processing", max_secs_in_future=31_536_000),
        must_fail=each(NORMALISED, "an hour ahead becomes now", "an hour ahead is told"),
        must_pass=(ALIVE, *each(NORMALISED, "two hours ago stays")),
    ),
    Fault(
        id="relay-down",
        sentence="Relay is not running.",
        stands_for="a Relay that does not come up after a roll-out",
        inject=lambda workshop: workshop.stop("relay"),
        must_fail=("test_cors_and_health.py::test_relay_answers_its_probes", ALIVE),
        must_pass=(TABLE, *each(BAD_QUERY, "no grammar")),
        quick=True,
    ),
)
