"""The one wait: what it returns, when it gives up, and what it tells then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.waiting import Reached, WaitAborted, WaitTimeout, until, wait_for


def answers(*sequence: Reached[int] | str) -> Iterator[Reached[int] | str]:
    """The given answers, the last one for ever."""
    yield from sequence
    while True:
        yield sequence[-1]


def test_the_value_of_the_reached_state_is_returned() -> None:
    probe = answers("not yet", "nearly", Reached(7))
    assert wait_for("a number", lambda: next(probe), timeout=5, interval=0.001) == 7


def test_a_time_out_tells_what_was_waited_for_and_what_was_seen_last() -> None:
    with pytest.raises(
        WaitTimeout, match=r"waited 0\.05 s for rain; last seen: blue sky.*where: Basel.*next: an umbrella"
    ):
        wait_for("rain", lambda: "blue sky", timeout=0.05, interval=0.01, where="Basel", next_step="an umbrella")


def test_a_known_failure_ends_the_wait_at_once() -> None:
    with pytest.raises(WaitAborted, match="gave up waiting for a server: it exited with 3"):
        wait_for("a server", lambda: "starting", timeout=60, failed=lambda: "it exited with 3")


def test_a_state_that_flaps_must_hold_several_times_in_a_row() -> None:
    seen = []
    probe = answers(Reached(1), "gone", Reached(2), Reached(3), Reached(4))

    def counted() -> Reached[int] | str:
        seen.append(1)
        return next(probe)

    assert wait_for("calm", counted, timeout=5, interval=0.001, in_a_row=3) == 4
    assert len(seen) == 5


def test_details_are_asked_for_only_on_failure() -> None:
    asked = []

    def details() -> str:
        asked.append(1)
        return "the tail of the log"

    wait_for("peace", lambda: Reached(None), timeout=1, details=details)
    assert asked == []
    with pytest.raises(WaitTimeout, match="the tail of the log"):
        wait_for("peace", lambda: "war", timeout=0.01, interval=0.005, details=details)
    assert asked == [1]


def test_a_condition_becomes_a_probe() -> None:
    assert isinstance(until(lambda: True, "no")(), Reached)
    assert until(lambda: False, "no")() == "no"
