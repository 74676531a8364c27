"""Faults of Snuba: a consumer that loses, misplaces or ignores, and an API that answers wrongly."""

from __future__ import annotations

from collections.abc import Callable

from tests.detection.fault import Fault
from tests.detection.faults.names import (
    ALIVE,
    BAD_QUERY,
    CLIENT_REPORT,
    JOURNEY,
    LATE,
    LAYOUT,
    LIVE,
    NO_LAG,
    SEARCH,
    TABLE,
    each,
)
from tests.detection.workshop import Workshop

CONSUMER, API = "snuba-consumer", "snuba-api"
PACKAGE = "fixtures.embedded.snuba"
ISOLATED = "test_isolation.py::test_an_event_is_not_found_in_another_project"
SAME_ELSEWHERE = "test_isolation.py::test_the_same_fingerprint_is_another_issue_elsewhere"
STORED_ROWS = "test_outcomes.py::test_accepted_outcomes_are_the_stored_rows"
COUNTS = (
    "test_reading.py::test_issue_counts_are_what_was_sent",
    "test_reading.py::test_tag_values_are_counted",
    "test_reading.py::test_discover_counts_what_was_sent",
    "test_reading.py::test_the_chart_counts_what_was_sent",
    "test_reading.py::test_snuba_counts_what_clickhouse_holds",
)
ISSUE_EVENTS = "test_reading.py::test_issue_events_are_what_was_sent"

_WHERE = """
def _where(self):
    texts = [self._in("WHERE", each) for each in conjuncts(self.query.where)]
    kept = [text for text in texts if {keep}]
    return " AND ".join([*([column("deleted") + " = 0"] if self.entity.replaced else []), *kept]) or "1"
Compiler._where = _where
"""
_SQL = """
real_compile = compile_query
def compile_query(query):
    from dataclasses import replace
    made = real_compile(query)
    return replace(made, sql={sql})
"""
_FROM_LATEST = """
real_consumer = Consumer
class Consumer(real_consumer):
    def subscribe(self, topics):
        from confluent_kafka import OFFSET_END
        def skip(consumer, partitions):
            for each in partitions:
                each.offset = OFFSET_END
            consumer.incremental_assign(partitions)
        super().subscribe(topics, on_assign=skip)
"""
_NO_OUTCOMES = """
real_consumer = Consumer
class Consumer(real_consumer):
    def subscribe(self, topics):
        super().subscribe([topic for topic in topics if not topic.startswith("outcomes")])
"""


def _consumer(module: str, code: str) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.patch_snuba(CONSUMER, module, code)


def _compiler(code: str) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.patch_snuba(API, f"{PACKAGE}.compiler", code)


def _linger(workshop: Workshop) -> None:
    workshop.edit("snuba-consumer/consumer.json", lambda document: document.update(linger_seconds=4.0))
    workshop.restart(CONSUMER)


FAULTS = (
    Fault(
        id="snuba-slow",
        sentence="Snuba's consumer writes a batch only four seconds after its first event.",
        stands_for="batch settings of a busy cluster on a quiet one: every page is late",
        inject=_linger,
        must_fail=("test_hops.py::test_accepted_events_are_readable_within_the_bar",),
        must_pass=(ALIVE, JOURNEY),
    ),
    Fault(
        id="snuba-drops-rows",
        sentence="Snuba's consumer drops every third event that it should write.",
        stands_for="messages that cannot be read and are skipped for want of a dead-letter queue",
        inject=_consumer(
            f"{PACKAGE}.rows",
            """
            real_row, seen = error_row, [0]
            def error_row(message, origin):
                seen[0] += 1
                if seen[0] % 3 == 0:
                    raise BadMessage("seeded")
                return real_row(message, origin)
            """,
        ),
        must_fail=(STORED_ROWS,),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="snuba-wrong-project",
        sentence="Snuba's consumer writes every event's row under project 1.",
        stands_for="a column filled from the wrong field after a schema change",
        inject=_consumer(
            f"{PACKAGE}.rows",
            """
            real_row = error_row
            def error_row(message, origin): return {**real_row(message, origin), "project_id": 1}
            """,
        ),
        must_fail=(JOURNEY,),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="snuba-wrong-issue",
        sentence="Snuba's consumer writes every event's row under issue 1.",
        stands_for="a column filled from the wrong field after a schema change",
        inject=_consumer(
            f"{PACKAGE}.rows",
            """
            real_row = error_row
            def error_row(message, origin): return {**real_row(message, origin), "group_id": 1}
            """,
        ),
        must_fail=(SAME_ELSEWHERE, "test_grouping.py::test_these_are_two_issues"),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="snuba-loses-keys",
        sentence="Snuba's consumer writes outcomes without the key that they belong to.",
        stands_for="usage that cannot be told per client any more",
        inject=_consumer(
            f"{PACKAGE}.rows",
            """
            real_outcome = outcome_row
            def outcome_row(message, origin): return {**real_outcome(message, origin), "key_id": None}
            """,
        ),
        must_fail=("test_isolation.py::test_each_key_is_told_apart",),
        must_pass=(JOURNEY, CLIENT_REPORT),
    ),
    Fault(
        id="snuba-reads-no-outcomes",
        sentence="Nobody consumes outcomes.",
        stands_for="an outcomes consumer that was left out of the deployment",
        inject=_consumer("confluent_kafka", _NO_OUTCOMES),
        must_fail=(*each(LIVE, "outcomes", "outcomes-billing"), CLIENT_REPORT),
        must_pass=(JOURNEY, LAYOUT),
    ),
    Fault(
        id="snuba-ignores-replacements",
        sentence="Snuba's consumer ignores deletions and merges of issues.",
        stands_for="a replacer that is not running: deleted data stays readable",
        inject=_consumer(f"{PACKAGE}.replacements", "def statements(value, columns): return []"),
        must_fail=(
            "test_reading.py::test_deleting_an_issue_deletes_its_rows",
            "test_reading.py::test_merging_issues_moves_their_rows",
        ),
        must_pass=(JOURNEY, ALIVE),
    ),
    Fault(
        id="snuba-starts-at-latest",
        sentence="Snuba's consumer starts at the newest message and skips those that waited.",
        stands_for="auto.offset.reset=latest after the group's offsets expired",
        inject=_consumer("confluent_kafka", _FROM_LATEST),
        must_fail=each(LATE, "snuba-consumer-events"),
        must_pass=(JOURNEY, ALIVE),
    ),
    Fault(
        id="snuba-silent-commit-log",
        sentence="Snuba's consumer writes rows and tells nobody in its commit log.",
        stands_for="a commit log topic without the right to write: alerts stop, pages look well",
        inject=_consumer(f"{PACKAGE}.batches", "def commit_log(message): return None"),
        must_fail=(NO_LAG,),
        must_pass=(JOURNEY, TABLE),
    ),
    Fault(
        id="snuba-counts-double",
        sentence="Snuba's API counts every event twice.",
        stands_for="a sampling factor applied twice",
        inject=_compiler(_SQL.format(sql='made.sql.replace("count()", "(count() * 2)")')),
        must_fail=COUNTS,
        must_pass=(ALIVE, *each(BAD_QUERY, "no grammar")),
        quick=True,
    ),
    Fault(
        id="snuba-answers-stale",
        sentence="Snuba's API does not see the rows of the last hour.",
        stands_for="reads from a replica that lags",
        inject=_compiler(
            _SQL.format(
                sql='made.sql.replace(" WHERE ", f" WHERE {column(\'timestamp\')} < now() - INTERVAL 1 HOUR AND ", 1)'
            )
        ),
        must_fail=(JOURNEY, ISSUE_EVENTS, *each(SEARCH, "", "level:warning", "is:unresolved", "whale")),
        may_fail=(SEARCH,),
        must_pass=(ALIVE, TABLE),
    ),
    Fault(
        id="snuba-ignores-projects",
        sentence="Snuba's API ignores which project is asked for.",
        stands_for="one team reading another team's events",
        inject=_compiler(_WHERE.format(keep='"project_id" not in text')),
        must_fail=(ISOLATED, "test_isolation.py::test_a_search_stays_in_its_project"),
        must_pass=(ALIVE, *each(BAD_QUERY, "no project")),
    ),
    Fault(
        id="snuba-ignores-conditions",
        sentence="Snuba's API ignores all conditions but project, time and issue.",
        stands_for="a search that shows everything instead of what was searched for",
        inject=_compiler(
            _WHERE.format(keep='any(name in text for name in ("project_id", "timestamp", "group_id", "event_id"))')
        ),
        must_fail=(
            *each(SEARCH, "colour:blue", "colour:red", "colour:green", "!colour:blue", "level:warning"),
            *each(SEARCH, "release:sea@1", "user.id:9", "whale"),
        ),
        must_pass=(ALIVE, *each(SEARCH, "")),
    ),
    Fault(
        id="snuba-answers-nonsense",
        sentence="Snuba's API answers queries that it does not understand with an empty result.",
        stands_for="errors swallowed: a chart of zeros instead of a message",
        inject=lambda workshop: workshop.patch_snuba(
            API,
            f"{PACKAGE}.compiler",
            """
            from fixtures.embedded.snuba import syntax
            from fixtures.embedded.snuba.errors import ApiError
            real_compile, real_parse = compile_query, syntax.parse
            def parse(text):
                try:
                    return real_parse(text)
                except ApiError:
                    return None
            def compile_query(query):
                try:
                    return real_compile(query)
                except Exception:
                    return Compiled("SELECT 1 AS n WHERE 0", ("n",))
            syntax.parse = parse
            """,
        ),
        must_fail=(BAD_QUERY,),
        must_pass=(ALIVE, JOURNEY),
    ),
    Fault(
        id="snuba-api-stopped",
        sentence="Snuba's API is not running.",
        stands_for="an API that does not come up after a roll-out",
        inject=lambda workshop: workshop.stop(API),
        must_fail=("test_cors_and_health.py::test_sentry_and_snuba_are_healthy",),
        must_pass=(ALIVE, TABLE),
    ),
)
