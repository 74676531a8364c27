"""The ledger keeps what became of every slot, in few bytes, and travels whole."""

import numpy as np
import pytest

from fixtures.load.identity import event_id
from fixtures.load.ledger import LONGEST, OTHER, Ledger, Page, Reply, State

FULL = Reply(status=429, reason="quota")
RESET = Reply(status=None, reason="connection reset")


def filled() -> Page:
    page = Page(2)
    for number in range(6):
        assert page.planned(number * 0.5) == number
    page.sent(0, 0.001)
    page.acknowledged(0, 0.0123)
    page.sent(1, 0.0)
    page.refused(1, 0.5, FULL)
    page.sent(2, 0.0)
    page.refused(2, 1.5, RESET)
    page.sent(3, 0.25)
    page.sent(5, 0.0)
    page.acknowledged(5, 2.0)
    return page


def test_every_slot_has_one_state() -> None:
    ledger = Ledger(run="a" * 12, started=1000.0)
    ledger.add(filled())
    assert (ledger.offered, ledger.acknowledged, ledger.missed, ledger.unanswered) == (6, 2, 1, 1)
    assert ledger.replies() == {FULL: 1, RESET: 1}
    assert list(ledger.acked_ids()) == [event_id("a" * 12, 2, 0), event_id("a" * 12, 2, 5)]


def test_times_are_kept_well_within_one_percent() -> None:
    page = filled()
    assert page.due == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5], abs=26e-6)
    assert page.latency[[0, 1, 2, 5]] == pytest.approx([12.3, 500, 1500, 2000], rel=1e-3)
    assert page.late[[0, 3]] == pytest.approx([1, 250], rel=1e-3)
    assert page.answered().tolist() == [0, 1, 5]


def test_a_ledger_travels_whole() -> None:
    ledger = Ledger(run="a" * 12, started=1000.0)
    ledger.add(filled())
    again = Ledger.unpack(ledger.pack())
    page, original = again.pages[2], ledger.pages[2]
    assert again.started == 1000.0
    assert np.array_equal(page.state, original.state)
    assert np.array_equal(page.latency, original.latency)
    assert np.array_equal(page.due, original.due)
    assert page.replies() == original.replies()


def test_an_unpacked_page_can_go_on() -> None:
    page = Page.unpack(filled().pack())
    number = page.planned(9.0)
    page.sent(number, 0.0)
    page.refused(number, 1.0, FULL)
    assert page.replies()[FULL] == 2


def test_an_event_costs_few_bytes() -> None:
    page = Page(0)
    dice = np.random.default_rng(1)
    for number, latency in enumerate(dice.lognormal(-5, 0.5, 100_000)):
        page.planned(number / 1000)
        page.sent(number, latency / 10)
        page.acknowledged(number, latency)
    assert len(page.pack()) < 6 * page.count
    held = sum(array.nbytes for array in (page._due, page._late, page._latency, page._state))
    assert held <= 9 * (page.count + 65_536)


def test_a_later_page_replaces_an_earlier_one() -> None:
    ledger = Ledger(run="a" * 12, started=0.0)
    short, full = Page(1), Page(1)
    for page, count in ((short, 2), (full, 5)):
        for number in range(count):
            page.planned(number)
    for page in (full, short):
        ledger.add(page)
    assert ledger.offered == 5


def test_too_many_kinds_of_answers_are_summed_up() -> None:
    page = Page(0)
    for number in range(400):
        page.planned(0.0)
        page.refused(number, 0.0, Reply(status=400, reason=str(number)))
    assert len(page.answers) == 252
    assert page.replies()[OTHER] == 400 - 251
    assert int(page.state.min()) >= State.REFUSED


def test_what_is_out_of_range_stays_finite() -> None:
    page = Page(0)
    page.planned(0.0)
    page.acknowledged(0, 1e9)
    assert page.latency[0] == LONGEST


@pytest.mark.parametrize("data", [b"\x80", b"\x01"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="of this version"):
        Ledger.unpack(data)
