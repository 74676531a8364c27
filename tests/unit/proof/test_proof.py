"""The fate of every event from counts: each kind alone, those that cancel each other out, and any mixture at all."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from fixtures.load.ledger import Ledger, Page, Reply, State
from fixtures.load.proof import BUCKET, Counts, Event, Found, Proof, prove

RUN = "0123456789ab"
REFUSAL, SILENCE = Reply(status=429, reason="rate limited"), Reply(status=None, reason="connection reset")


class FakeStore:
    """Rows by event."""

    def __init__(self, rows: Mapping[Event, int]) -> None:
        self.content, self.asked = rows, 0

    def counts(self, size: int) -> Counts:
        rows: Counter[Event] = Counter()
        distinct: Counter[Event] = Counter()
        for (worker, sequence), count in self.content.items():
            rows[worker, sequence // size] += count
            distinct[worker, sequence // size] += 1
        columns = [[*map(key, rows)] for key in (lambda k: k[0], lambda k: k[1], rows.get, distinct.get)]
        of, bucket, many, single = (np.asarray(column, np.int64) for column in columns)
        return Counts(worker=of, bucket=bucket, rows=many, distinct=single)

    def found(self, worker: int, buckets: Sequence[int], size: int) -> Found:
        self.asked += 1
        mine = {s: n for (w, s), n in self.content.items() if w == worker and s // size in buckets}
        return Found(sequence=np.asarray([*mine], np.int64), rows=np.asarray([*mine.values()], np.int64))


def ledger(*workers: Sequence[State | Reply]) -> Ledger:
    """A ledger of workers, each with the states of its events from sequence number 0 on."""
    made = Ledger(run=RUN, started=0.0)
    for number, states in enumerate(workers):
        page = Page(number)
        for state in states:
            sequence = page.planned(0.0)
            if isinstance(state, Reply):
                page.refused(sequence, 0.1, state)
            elif state is State.ACKED:
                page.acknowledged(sequence, 0.1)
            elif state is State.SENT:
                page.sent(sequence, 0.0)
        made.add(page)
    return made


def everything(of: Ledger) -> dict[Event, int]:
    """A store that has every acknowledged event once."""
    return {(page.worker, int(one)): 1 for page in of for one in page.acked()}


def adds_up(proof: Proof) -> bool:
    parts = proof.stored_once, len(proof.duplicated), proof.rejected, len(proof.missing), proof.unsent
    return sum(parts) == proof.offered


def test_a_clean_run_is_proven_by_counts_alone() -> None:
    sent = ledger([State.ACKED] * (2 * BUCKET + 7), [State.ACKED] * 5)
    store = FakeStore(everything(sent))
    proof = prove(sent, store)
    assert (proof.stored_once, proof.missing, proof.duplicated, proof.looked_into) == (2 * BUCKET + 12, [], [], 0)
    assert store.asked == 0


def test_one_lost_and_one_doubled_are_named_although_counts_agree() -> None:
    sent = ledger([State.ACKED] * (3 * BUCKET))
    rows = everything(sent)
    del rows[0, BUCKET + 1]
    rows[0, BUCKET + 2] = 2
    proof = prove(sent, FakeStore(rows))
    assert (proof.missing, proof.duplicated, proof.looked_into) == ([(0, BUCKET + 1)], [(0, BUCKET + 2)], 1)
    assert adds_up(proof)


def test_a_refused_event_that_is_stored_does_not_hide_a_lost_one() -> None:
    sent = ledger([State.ACKED, REFUSAL, SILENCE, State.UNSENT, State.SENT])
    proof = prove(sent, FakeStore({(0, 1): 1, (0, 2): 1}))
    assert proof.missing == [(0, 0)]
    assert (proof.stored_once, proof.rejected, proof.unsent) == (2, 0, 2)
    assert adds_up(proof)


def test_an_empty_store_has_lost_all_without_being_asked_again() -> None:
    sent = ledger([State.ACKED] * (BUCKET + 3), [REFUSAL, State.ACKED])
    store = FakeStore({})
    proof = prove(sent, store)
    assert len(proof.missing) == BUCKET + 4
    assert (proof.rejected, store.asked) == (1, 0)


@pytest.mark.parametrize("stranger", [(0, 1), (0, 2), (0, 5 * BUCKET), (7, 0)])
def test_rows_that_nobody_sent_are_told(stranger: Event) -> None:
    sent = ledger([State.ACKED, State.UNSENT])
    proof = prove(sent, FakeStore({**everything(sent), stranger: 1}))
    assert (proof.strangers, proof.stored_once, proof.unsent) == (1, 1, 1)


def test_nothing_offered_is_nothing_proven() -> None:
    assert prove(Ledger(run=RUN, started=0.0), FakeStore({})) == Proof()


@pytest.mark.parametrize("seed", range(8))
def test_any_mixture_is_told_exactly(seed: int) -> None:
    chance = random.Random(seed)
    states: list[State | Reply] = [State.ACKED, State.ACKED, State.UNSENT, State.SENT, REFUSAL, SILENCE]
    mixed = chance.random() < 0.5
    weights = [8, 4, 1, 1, 1, 1] if mixed else [8, 4, 0, 0, 0, 0]
    sizes = [chance.randrange(1, 3 * BUCKET) for _ in range(3)]
    plan = [chance.choices(states, weights, k=size) for size in sizes]
    sent = ledger(*plan)
    rows: dict[Event, int] = {}
    for worker, page in enumerate(plan):
        for sequence, state in enumerate(page):
            kept = {State.ACKED: 0.999, State.UNSENT: 0.0}.get(state, 0.2) if isinstance(state, State) else 0.1
            if chance.random() < kept:
                rows[worker, sequence] = 2 if chance.random() < 0.001 else 1
    proof = prove(sent, FakeStore(rows))
    acked = everything(sent)
    assert sorted(proof.missing) == sorted(set(acked) - set(rows))
    assert sorted(proof.duplicated) == sorted(event for event, count in rows.items() if count > 1)
    assert proof.stored_once == sum(count == 1 for count in rows.values())
    assert adds_up(proof)
