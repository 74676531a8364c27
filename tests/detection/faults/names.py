"""Checks that several faults name, and those that run beside a fault because it must not touch them."""

from __future__ import annotations

ALIVE = "test_cors_and_health.py::test_relay_is_alive_through_the_door"
PREFLIGHT = "test_cors_and_health.py::test_a_preflight_is_answered"
JOURNEY = "test_hops.py::test_an_sdk_error_is_at_every_hop_exactly_once"
CONTENT = "test_hops.py::test_the_stored_error_has_the_content_that_was_sent"
SAME_CONTENT = "test_hops.py::test_the_content_is_the_same_at_every_hop"
LAYOUT = "test_door_accepts.py::test_the_ingest_message_has_the_layout_of_the_contract"
TAKES = "test_door_accepts.py::test_the_door_takes"
REFUSES = "test_door_refuses.py::test_the_door_refuses"
NORMALISED = "test_normalisation.py::test_the_stored_event_is_normalised"
SEARCH = "test_reading.py::test_a_search_finds_the_right_issues"
BAD_QUERY = "test_reading.py::test_snuba_refuses_what_it_cannot_answer"
LIVE = "test_consumers.py::test_a_topic_has_live_consumers_with_known_positions"
LATE = "test_consumers.py::test_nothing_is_left_unread_after_a_late_start"
NO_LAG = "test_consumers.py::test_there_is_no_lag_at_rest"
MANY = "test_duplicates.py::test_many_senders_at_once_lose_and_duplicate_nothing"
NOT_MIXED = "test_duplicates.py::test_events_are_not_mixed_up"
TABLE = "test_retention.py::test_the_table_drops_rows_by_their_retention"
TRANSACTION = "test_item_types.py::test_a_transaction_reaches_its_topic"
TRANSACTION_READ = "test_item_types.py::test_a_transaction_can_be_read_back"
CLIENT_REPORT = "test_item_types.py::test_a_client_report_becomes_an_outcome"
OUTCOMES = "test_outcomes.py::test_everything_sent_has_exactly_one_outcome"
STATISTICS = "test_outcomes.py::test_the_statistics_page_agrees"
EVERY_TOPIC = "test_consumers.py::test_every_written_topic_is_accounted_for"


def each(check: str, *parameters: str) -> tuple[str, ...]:
    """Some parameters of one check."""
    return tuple(f"{check}[{parameter}]" for parameter in parameters)
