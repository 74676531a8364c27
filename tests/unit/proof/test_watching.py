"""What lies around the proof: the drain's three ends, the hop that lost an event, freshness, cost and lag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from fixtures.clients.kafka import Position
from fixtures.clients.kafka_tap import EVENTS, INGEST_EVENTS
from fixtures.ledger import Hop
from fixtures.load import cost, freshness, lag, whereabouts
from fixtures.load.drain import Drain
from fixtures.load.ledger import Ledger, Page
from fixtures.load.whereabouts import INVISIBLE, Outcome
from fixtures.stack import Usage, Vitals

RUN = "0123456789ab"


# -- the drain ------------------------------------------------------------------------------------------------
def drained(rows: Iterable[int], waiting: int | None, *, limit: float = 5.0) -> tuple[bool, int, bool]:
    """Done, rows, and whether it ended before the limit; looks come every half second of its own clock."""
    seen, last, now = iter(rows), 0, 0.0

    def count() -> int:
        nonlocal last, now
        last, now = next(seen, last), now + 0.5
        return last

    drain = Drain(rows=count, waiting=lambda: waiting, clock=lambda: now, still=2.0, look=0.001)
    found = drain.run(10, limit=limit)
    return found.done, found.rows, now < 10


def test_the_drain_ends_when_all_is_stored() -> None:
    assert drained([1, 5, 10], None) == (True, 10, True)


def test_the_drain_ends_when_nothing_can_come_any_more() -> None:
    assert drained([1, 9], 0) == (True, 9, True)


@pytest.mark.parametrize("waiting", [3, None])
def test_queues_that_are_not_empty_are_waited_for(waiting: int | None) -> None:
    assert drained([1, 9], waiting, limit=0.1) == (False, 9, False)


# -- the hop --------------------------------------------------------------------------------------------------
class FakeTopics:
    """Ids by topic, true where they were consumed."""

    def __init__(self, content: Mapping[str, Mapping[str, bool]]) -> None:
        self.content = content

    def places(self, topic: str, run: str, wanted: Iterable[str], *, since: float) -> Mapping[str, bool]:
        assert (run, since) == (RUN, -whereabouts.BEFORE_SECONDS)
        asked = set(wanted)
        return {one: done for one, done in self.content.get(topic, {}).items() if one in asked}


def test_each_missing_event_is_lost_before_its_first_hop_without_it() -> None:
    topics = FakeTopics({
        INGEST_EVENTS: {"stuck": False, "worker": True, "row": True, "late": True},
        EVENTS: {"row": True, "late": False},
    })  # fmt: skip
    missing = ["never", "stuck", "worker", "row", "late"]
    found = whereabouts.whereabouts(missing, run=RUN, since=0.0, topics=topics, told=[], refused=0)
    assert found.lost == {Hop.INGEST: ["never"], Hop.EVENTS: ["worker"], Hop.ROW: ["row"]}
    assert found.waiting == {Hop.INGEST: ["stuck"], Hop.EVENTS: ["late"]}


def test_what_relay_names_or_counts_is_dropped_and_not_lost() -> None:
    told = [
        Outcome(kind="filtered", reason="localhost", count=1, ids=frozenset({"a"})),
        Outcome(kind="rate limited", reason="key", count=6),
    ]
    found = whereabouts.whereabouts(
        ["a", "b", "c", "d"], run=RUN, since=0.0, topics=FakeTopics({}), told=told, refused=4
    )
    assert found.dropped == {"filtered: localhost": 1, "rate limited: key": 2}
    assert found.lost == {Hop.INGEST: ["d"]}


def test_without_topics_the_hop_is_not_made_up() -> None:
    found = whereabouts.whereabouts(["a"], run=RUN, since=0.0, topics=None, told=[], refused=0)
    assert found.lost == {INVISIBLE: ["a"]}


# -- freshness ------------------------------------------------------------------------------------------------
def sent(count: int) -> Ledger:
    """One event a tenth of a second, each answered 0.1 s later."""
    made, page = Ledger(run=RUN, started=1000.0), Page(0)
    for number in range(count):
        page.acknowledged(page.planned(number / 10), 0.1)
    made.add(page)
    return made


def test_freshness_is_from_acknowledged_to_seen_and_what_never_came_counts_with_the_wait() -> None:
    seen = {(0, number): 1000.0 + number / 10 + 0.1 + 0.5 for number in range(9)}
    found, points = freshness.judge(sent(10), seen, step=1, until=1010.0)
    assert found.count == 10
    assert found.p50 == pytest.approx(500, abs=1)
    assert found.maximum == pytest.approx(9000, abs=1)
    assert [point.at for point in points] == sorted(point.at for point in points)


def test_only_sampled_events_count() -> None:
    found, _ = freshness.judge(sent(100), {}, step=10, until=1020.0)
    assert found.count == 10
    assert freshness.judge(sent(0), {}, step=1, until=1000.0)[0].p95 is None


def test_a_watch_moves_on_and_gives_up_what_does_not_come() -> None:
    watch = freshness.Watch(step=2)
    assert watch.saw([0, 2], 1.0) == [0, 2]
    assert (watch.saw([2, 6], 2.0), watch.first) == ([6], 4)
    far = 2 * (freshness.PATIENCE + 4)
    watch.saw([far], 3.0)
    assert watch.first > 4
    assert watch.seen[2] == 1.0


# -- cost and lag ---------------------------------------------------------------------------------------------
def use(seconds: float, memory: int = 5) -> list[Usage]:
    return [Usage(component="relay", cpu_seconds=seconds, memory_bytes=memory, processes=1)]


def test_a_counter_that_begins_anew_is_not_taken_for_less() -> None:
    costs = cost.Costs()
    for seconds, memory in ((100.0, 5), (103.0, 9), (1.0, 2), (2.0, 3)):
        costs.used(use(seconds, memory))
    found = costs.costs()[0]
    assert (found.cpu_seconds, found.memory_peak_bytes) == (5.0, 9)


def test_restarts_and_kills_count_from_the_first_look() -> None:
    costs = cost.Costs()
    for names, killed in (({"a/1"}, {"a/1"}), ({"a/2"}, {"a/2"}), ({"a/2", "b/1"}, {"a/2"})):
        costs.lived([Vitals(component="relay", instances=frozenset(names), killed=frozenset(killed))])
    found = costs.costs()[0]
    assert (found.restarts, found.oom_kills) == (2, 1)


def test_growth_needs_both_ends() -> None:
    grown = cost.growth({"kafka": 5, "gone": 1}, {"kafka": 8, "new": 2})
    assert [(one.store, one.bytes) for one in grown] == [("kafka", 3)]


def position(topic: str, lag_: int, partition: int = 0) -> Position:
    return Position(topic=topic, partition=partition, end=lag_, group="g", committed=0, members=1)


def test_lag_is_summed_over_partitions_and_silent_series_are_left_out() -> None:
    sums = lag.sums([position("a", 2), position("a", 3, 1), position("b", 0)])
    assert sums == {("a", "g"): 5, ("b", "g"): 0}
    assert [(one.topic, one.points) for one in lag.series([(1.0, sums)])] == [("a", [(1.0, 5)])]
    points = [(float(at), at % 100) for at in range(1000)]
    thin = lag.thinned(points)
    assert len(thin) <= lag.MOST_POINTS
    assert max(value for _, value in thin) == 99
