"""The ledger must tell stored, duplicated, rejected, lost and unknown apart, and never call nothing a success."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.ledger import HOPS, Entry, Fate, Hop, Ledger, Sighting

RUN = "run1"


def entry(number: int = 0, *, status: int = 200, answer: str = "", run: str = RUN) -> Entry:
    return Entry(
        event_id=f"{number:032x}",
        run=run,
        sequence=number,
        due=1.0,
        left=1.0,
        answered=1.1,
        status=status,
        answer=answer,
    )


def ledger(*entries: Entry) -> Ledger:
    made = Ledger(run=RUN)
    for one in entries:
        made.sent(one)
    return made


def see(made: Ledger, event_id: str, counts: dict[Hop, int]) -> None:
    for hop, count in counts.items():
        made.seen(event_id, Sighting(hop=hop, count=count, first=2.0 if count else 0.0, place=f"at {hop}"))


EVERYWHERE = dict.fromkeys(HOPS[1:], 1)


def test_nothing_sent_is_unknown() -> None:
    verdict = ledger().verdict()
    assert not verdict.proven
    assert str(verdict) == "unknown: no event was sent"


def test_seen_once_at_every_hop_is_stored() -> None:
    made = ledger(entry())
    see(made, entry().event_id, EVERYWHERE)
    assert made.verdict().proven
    assert made.first_hop_without(entry().event_id) is None


@pytest.mark.parametrize("missing", HOPS[1:])
def test_the_first_hop_without_it_is_named(missing: Hop) -> None:
    made = ledger(entry())
    after = HOPS.index(missing)
    see(made, entry().event_id, {hop: int(HOPS.index(hop) < after) for hop in HOPS[1:]})
    judged = made.judge(entry().event_id, outcomes="1 x 3/invalid_json")
    assert (judged.fate, judged.hop) == (Fate.LOST, missing)
    assert f"lost at hop '{missing}'" in judged.sentence
    assert ("invalid_json" in judged.sentence) == (missing is not Hop.API)


def test_an_earlier_gap_is_named_even_if_later_hops_have_it() -> None:
    made = ledger(entry())
    see(made, entry().event_id, {**EVERYWHERE, Hop.EVENTS: 0})
    assert made.first_hop_without(entry().event_id) is Hop.EVENTS


def test_twice_at_a_hop_is_duplicated() -> None:
    made = ledger(entry())
    see(made, entry().event_id, {**EVERYWHERE, Hop.ROW: 2})
    judged = made.judge(entry().event_id)
    assert (judged.fate, judged.hop) == (Fate.DUPLICATED, Hop.ROW)


def test_a_hop_that_nobody_looked_at_is_unknown() -> None:
    made = ledger(entry())
    see(made, entry().event_id, {hop: 1 for hop in HOPS[1:] if hop is not Hop.SNUBA})
    judged = made.judge(entry().event_id)
    assert (judged.fate, judged.hop) == (Fate.UNKNOWN, Hop.SNUBA)
    assert not made.verdict().proven


def test_no_answer_is_unknown_and_a_refusal_is_rejected() -> None:
    made = ledger(entry(1, status=0, answer="connection reset"), entry(2, status=403, answer="ProjectId"))
    fates = [judged.fate for judged in made.verdict().judgements]
    assert fates == [Fate.UNKNOWN, Fate.REJECTED]
    assert "ProjectId" in str(made.verdict())
    assert made.judge("f" * 32).fate is Fate.UNKNOWN


def test_a_later_look_keeps_the_first_time() -> None:
    made = ledger(entry())
    made.seen(entry().event_id, Sighting(hop=Hop.ROW, count=1, first=5.0))
    made.seen(entry().event_id, Sighting(hop=Hop.ROW, count=2, first=9.0))
    seen = made.sightings(entry().event_id)[Hop.ROW]
    assert (seen.count, seen.first) == (2, 5.0)


def test_the_same_id_twice_and_another_run_are_refused() -> None:
    made = ledger(entry())
    with pytest.raises(ValueError, match="already"):
        made.sent(entry())
    with pytest.raises(ValueError, match="belongs to run"):
        made.sent(entry(1, run="other"))


def test_a_long_list_is_capped() -> None:
    made = ledger(*(entry(number, status=500) for number in range(30)))
    assert str(made.verdict()).endswith("... and 10 more")


@given(
    sent=st.sets(st.integers(min_value=0, max_value=200), min_size=1),
    lost=st.sets(st.integers(min_value=0, max_value=200)),
    doubled=st.sets(st.integers(min_value=0, max_value=200)),
    size=st.integers(min_value=1, max_value=50),
)
def test_suspects_hold_every_lost_or_doubled_event(
    sent: set[int], lost: set[int], doubled: set[int], size: int
) -> None:
    """A store that lost some ids and holds others twice never hides one of them in a bucket that looks right."""
    made = ledger(*(entry(number) for number in sent))
    stored = sorted(sent - lost)
    found: dict[int, tuple[int, int]] = {}
    for number in stored:
        rows, distinct = found.get(number // size * size, (0, 0))
        found[number // size * size] = (rows + (2 if number in doubled else 1), distinct + 1)
    suspects = set(made.suspects([(start, *counts) for start, counts in found.items()], size))
    wrong = {f"{number:032x}" for number in sent if number in lost or number in doubled}
    assert wrong <= suspects
    assert bool(suspects) == bool(wrong)


def test_rows_where_nothing_was_accepted_are_unexpected() -> None:
    made = ledger(entry(3), entry(15, status=429))
    assert made.unexpected([(0, 1, 1), (10, 2, 1)], 10) == 2
