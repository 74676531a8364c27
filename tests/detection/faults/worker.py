"""Faults of Sentry's consumers: stopped, hung, dropping, doubling, starting in the wrong place."""

from __future__ import annotations

from collections.abc import Callable

from tests.detection.fault import Fault
from tests.detection.faults.names import (
    ALIVE,
    JOURNEY,
    LATE,
    LAYOUT,
    LIVE,
    MANY,
    NO_LAG,
    NOT_MIXED,
    OUTCOMES,
    STATISTICS,
    TABLE,
    TRANSACTION,
    TRANSACTION_READ,
    each,
)
from tests.detection.workshop import Workshop

INGEST = "sentry-ingest-events"
TWIN = "test_duplicates.py::test_the_same_id_in_two_projects_is_two_events"

# What the group has committed is as if it were the end of the topic, whenever a partition is assigned.
SKIP_TO_THE_END = """
real_consumer = ConfluentConsumer
class ConfluentConsumer(real_consumer):
    def committed(self, partitions, *more):
        for each in partitions:
            each.offset = self.get_watermark_offsets(each)[1]
        return partitions
"""


def _consume(code: str) -> Callable[[Workshop], None]:
    """Change the ingest consumer's module."""
    return lambda workshop: workshop.patch_sentry("sentry.ingest.ingest_consumer", code, INGEST)


FAULTS = (
    Fault(
        id="ingest-events-stopped",
        sentence="The consumer of ingest-events is stopped.",
        stands_for="a consumer scaled to zero or in a crash loop: events wait on Kafka until they expire",
        inject=lambda workshop: workshop.stop(INGEST),
        must_fail=(JOURNEY, *each(LIVE, "ingest-events")),
        blocks=True,  # the check of consumers first has an event stored
        must_pass=(LAYOUT, TRANSACTION),
    ),
    Fault(
        id="ingest-attachments-stopped",
        sentence="The consumer of ingest-attachments is stopped.",
        stands_for="one of several consumers forgotten in a deployment",
        inject=lambda workshop: workshop.stop("sentry-ingest-attachments"),
        must_fail=(
            *each(LIVE, "ingest-attachments"),
            "test_item_types.py::test_attachments_can_be_read_back",
            "test_item_types.py::test_a_user_report_reaches_its_event",
        ),
        must_pass=(JOURNEY, "test_item_types.py::test_an_event_with_attachments_takes_the_attachments_topic"),
    ),
    Fault(
        id="ingest-transactions-stopped",
        sentence="The consumer of ingest-transactions is stopped.",
        stands_for="one of several consumers forgotten in a deployment",
        inject=lambda workshop: workshop.stop("sentry-ingest-transactions"),
        must_fail=(*each(LIVE, "ingest-transactions"), TRANSACTION_READ),
        must_pass=(JOURNEY, TRANSACTION),
    ),
    Fault(
        id="forwarder-stopped",
        sentence="The post-process forwarder is stopped: no alert is ever sent.",
        stands_for="alerts that stay away for days while every page looks well",
        inject=lambda workshop: workshop.stop("sentry-forwarder"),
        must_fail=each(LIVE, "events"),
        must_pass=(JOURNEY, TABLE),
    ),
    Fault(
        id="forwarder-hung",
        sentence="The post-process forwarder hangs: its process is there and does nothing.",
        stands_for="a consumer whose health file is fresh while its loop is stuck",
        inject=lambda workshop: workshop.pause("sentry-forwarder"),
        must_fail=(NO_LAG,),
        must_pass=(JOURNEY, TABLE),
    ),
    Fault(
        id="ingest-starts-at-latest",
        sentence="The consumer of ingest-events starts at the newest message and skips those that waited.",
        stands_for="auto.offset.reset=latest after the group's offsets expired",
        inject=lambda workshop: workshop.patch_sentry("arroyo.backends.kafka.consumer", SKIP_TO_THE_END, INGEST),
        must_fail=each(LATE, "sentry-worker-ingest-ingest-events"),
        must_pass=(JOURNEY, TABLE),
    ),
    Fault(
        id="ingest-drops-one-in-ten",
        sentence="The ingest consumer quietly drops every tenth event.",
        stands_for="a load-shedding switch or sampling left on: losses too small for any chart",
        inject=_consume("""
            real_process_event, seen = process_event, [0]
            def process_event(message, project):
                seen[0] += 1
                return None if seen[0] % 10 == 0 else real_process_event(message, project)
        """),
        must_fail=(MANY, NOT_MIXED),
        may_fail=(LAYOUT,),
        must_pass=(ALIVE, TABLE),
        quick=True,
    ),
    Fault(
        id="ingest-forgets-duplicates",
        sentence="The ingest consumer remembers no event id, so that a resent event is processed again.",
        stands_for="a cache that is not shared, or down: alerts and counts double after each retry of a client",
        inject=lambda workshop: workshop.set_sentry(
            'CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}', INGEST
        ),
        must_fail=(
            "test_duplicates.py::test_copies_in_a_row_are_stored_once",
            "test_duplicates.py::test_a_copy_of_a_stored_event_is_dropped",
            "test_duplicates.py::test_copies_from_many_senders_are_stored_once",
        ),
        must_pass=(TWIN, JOURNEY),
    ),
    Fault(
        id="ingest-mistakes-projects-for-one",
        sentence="The ingest consumer tells duplicates by event id alone, across projects.",
        stands_for="a cache key that lacks the project; two clients of one generator lose events",
        inject=_consume("""
            class Forgetful:
                def get(self, key, *more): return real_cache.get(key.rpartition(":")[2], *more)
                def set(self, key, *more): return real_cache.set(key.rpartition(":")[2], *more)
            real_cache, cache = cache, Forgetful()
        """),
        must_fail=(TWIN,),
        must_pass=("test_duplicates.py::test_copies_in_a_row_are_stored_once", JOURNEY),
    ),
    Fault(
        id="worker-tells-no-outcome",
        sentence="The worker tells no outcome for what it stored.",
        stands_for="a producer that lacks the right to write outcomes: usage is counted as zero",
        inject=lambda workshop: workshop.patch_sentry(
            "sentry.event_manager", "def _track_outcome_accepted_many(jobs): pass", INGEST
        ),
        must_fail=(OUTCOMES, STATISTICS, "test_isolation.py::test_each_key_is_told_apart"),
        must_pass=(JOURNEY, "test_outcomes.py::test_accepted_outcomes_are_the_stored_rows"),
    ),
)
