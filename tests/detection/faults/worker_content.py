"""Faults of what Sentry's worker makes of an event: text, tags, time, groups, retention."""

from __future__ import annotations

from collections.abc import Callable

from tests.detection.fault import Fault
from tests.detection.faults.names import (
    ALIVE,
    CONTENT,
    JOURNEY,
    NORMALISED,
    NOT_MIXED,
    SAME_CONTENT,
    SEARCH,
    TABLE,
    each,
)
from tests.detection.workshop import Workshop

INGEST = "sentry-ingest-events"
ONE_ISSUE = "test_grouping.py::test_these_are_one_issue"
TWO_ISSUES = "test_grouping.py::test_these_are_two_issues"
HASHED = "test_grouping.py::test_a_fingerprint_is_hashed_as_documented"
COUNTED = "test_grouping.py::test_the_issue_counts_its_events"

_BEFORE_SAVE = """
LAST = [None]
real_save = EventManager.save
def save(self, *args, **kwargs):
    spoil(self._data)
    return real_save(self, *args, **kwargs)
EventManager.save = save
"""
_GROUP_BY = """
real_grouping = _calculate_event_grouping
def _calculate_event_grouping(project, event, grouping_config):
    real_grouping(project, event, grouping_config)
    hashes = CalculatedHashes(hashes=[{hash}], hierarchical_hashes=[], tree_labels=[])
    hashes.write_to_event(event.data)
    return hashes
"""


def _save(code: str) -> Callable[[Workshop], None]:
    return lambda workshop: workshop.patch_sentry("sentry.event_manager", code, INGEST)


def _spoil(*lines: str) -> Callable[[Workshop], None]:
    """Change each document ``d`` before it is saved."""
    return _save("def spoil(d):\n" + "".join(f"    {line}\n" for line in lines) + _BEFORE_SAVE)


FAULTS = (
    Fault(
        id="worker-loses-tags",
        sentence="The worker stores events without their tags.",
        stands_for="a plug-in or migration that drops unknown columns",
        inject=_spoil("d['tags'] = []"),
        must_fail=(CONTENT, *each(SEARCH, "colour:blue", "colour:red", "has:colour", "!colour:blue")),
        may_fail=(SEARCH,),
        must_pass=(JOURNEY, ALIVE),
        quick=True,
    ),
    Fault(
        id="worker-alters-text",
        sentence="The worker stores messages and exception values with one character changed.",
        stands_for="text decoded with the wrong character set on its way",
        inject=_spoil(
            "entry = d.get('logentry') or {}",
            "entry['formatted'] = '?' + str(entry.get('formatted') or '')[1:]",
            "d['logentry'] = entry",
            "for each in (d.get('exception') or {}).get('values') or []: each['value'] = '?' + each['value'][1:]",
        ),
        must_fail=(
            CONTENT,
            SAME_CONTENT,
            NOT_MIXED,
            "test_item_types.py::test_a_message_event_is_stored",
            *each(NORMALISED, "message within the allowance stays", "longer message is cut to 8192"),
            *each(NORMALISED, "exception value is cut to 8192", "card number in the message"),
        ),
        must_pass=(JOURNEY, ALIVE),
    ),
    Fault(
        id="worker-mixes-events",
        sentence="The worker stores each event with the text of the one before.",
        stands_for="a buffer reused between messages",
        inject=_spoil("d['logentry'], LAST[0] = LAST[0], d.get('logentry')"),
        must_fail=(NOT_MIXED,),
        must_pass=(JOURNEY, ALIVE),
    ),
    Fault(
        id="worker-rewrites-the-document",
        sentence="The worker replaces what Relay normalised by defaults of its own.",
        stands_for="an old worker that normalises again after Relay",
        inject=_spoil(
            "d.update(environment='production', release='1.0', level='info', platform='java', version='5')",
            "d.update(logger='root', errors=[], fingerprint=['x'], from_the_future=1, tags=[['twice', '2']])",
            "d.update(extra={'password': 'seen'}, breadcrumbs={'values': []})",
            "d.update(user={'id': '1', 'ip_address': '192.0.2.1'})",
            "d.update(exception={'values': [{'type': 'X', 'value': 'y'}]}, request={'url': 'https://a.example.test/'})",
            "d['contexts'] = {'trace': {'type': 'trace', 'trace_id': '0' * 31 + '1', 'span_id': '1' * 16}}",
            "d.update(logentry={'formatted': 'rewritten'}, type='error')",
        ),
        must_fail=(
            *each(NORMALISED, "harmless extra stays", "user's mail address stays", "tags are not scrubbed"),
            *each(NORMALISED, "tag value is cut to 200", "logger is cut to 64", "250 of 400 frames are kept"),
            *each(NORMALISED, "100 breadcrumbs are kept", "spaces in a tag key become dashes"),
            *each(NORMALISED, "the first of two equal tags wins", "environment none is dropped"),
            *each(NORMALISED, "environment with a slash is dropped", "environment of 64 stays"),
            *each(NORMALISED, "release latest is dropped", "release with a slash is dropped"),
            *each(NORMALISED, "release of 201 is dropped", "a dropped release is told", "level 50 is fatal"),
            *each(NORMALISED, "an unknown level is error", "an unknown platform is other"),
            *each(NORMALISED, "fingerprint numbers are text", "server_name is a tag"),
            *each(NORMALISED, "an unknown attribute is dropped", "an unknown attribute is told"),
            *each(NORMALISED, "type transaction in an event item is ignored", "a trace is made from the id"),
            *each(NORMALISED, "protocol version 7", "a time that is none is told", "120 days ago is told"),
            "test_normalisation.py::test_an_automatic_address_is_the_senders",
        ),
        must_pass=(ALIVE, *each(NORMALISED, "two hours ago stays")),
    ),
    Fault(
        id="worker-loses-frames",
        sentence="The worker keeps the innermost frame of a stack trace only, and without its source line.",
        stands_for="a symbolicator that gives up and hands back what it has",
        inject=_spoil(
            "for each in (d.get('exception') or {}).get('values') or []:",
            "    frames = ((each.get('stacktrace') or {}).get('frames') or [])[-1:]",
            "    for frame in frames: frame.pop('context_line', None)",
            "    each['stacktrace'] = {'frames': frames}",
        ),
        must_fail=("test_hops.py::test_the_stack_trace_can_be_read", *each(NORMALISED, "250 of 400 frames are kept")),
        must_pass=(JOURNEY, CONTENT),
    ),
    Fault(
        id="worker-shifts-time",
        sentence="The worker stores events ten days before their time.",
        stands_for="a local time taken for UTC, or a clock that is wrong after a resume",
        inject=_spoil("d['timestamp'] = d['timestamp'] - 10 * 86400"),
        must_fail=(
            "test_retention.py::test_an_event_from_before_is_not_stored_in_the_past",
            *each(NORMALISED, "a time that is none becomes now", "an hour ahead becomes now", "two hours ago stays"),
            *each(NORMALISED, "120 days ago becomes now", "a clock two hours behind is set right"),
        ),
        must_pass=(ALIVE, *each(NORMALISED, "level 50 is fatal")),
    ),
    Fault(
        id="worker-keeps-ninety-days",
        sentence="Events are stored with a retention of 90 days.",
        stands_for="a changed default; the disk fills two months later",
        inject=lambda workshop: workshop.set_sentry('SENTRY_OPTIONS["system.event-retention-days"] = 90', INGEST),
        must_fail=("test_retention.py::test_a_new_row_is_kept_for_thirty_days",),
        must_pass=(TABLE, JOURNEY),
    ),
    Fault(
        id="worker-groups-everything",
        sentence="All events of a project become one issue.",
        stands_for="a broken grouping configuration: a new error hides in an old issue",
        inject=_save(_GROUP_BY.format(hash="'0' * 32")),
        must_fail=(TWO_ISSUES, HASHED, COUNTED),
        must_pass=(JOURNEY, "test_isolation.py::test_the_same_fingerprint_is_another_issue_elsewhere"),
    ),
    Fault(
        id="worker-groups-nothing",
        sentence="Each event becomes an issue of its own.",
        stands_for="a random part in a message or frame that gets into the hash: thousands of issues",
        inject=_save(_GROUP_BY.format(hash="event.event_id")),
        must_fail=(ONE_ISSUE, HASHED, COUNTED),
        must_pass=(JOURNEY, ALIVE),
    ),
    Fault(
        id="web-alters-the-document",
        sentence="The web API shows another level than the one that was stored.",
        stands_for="a serializer that does not know a new field's values",
        inject=lambda workshop: workshop.patch_sentry(
            "sentry.eventstore.models",
            """
            real_as_dict = BaseEvent.as_dict
            def as_dict(self):
                return {**real_as_dict(self), "level": "debug"}
            BaseEvent.as_dict = as_dict
            """,
            "sentry-web",
        ),
        must_fail=("test_normalisation.py::test_the_api_shows_the_normalised_document",),
        must_pass=(ALIVE, "test_normalisation.py::test_scrubbing_can_be_switched_off"),
    ),
)
