"""Ids of load events say who sent which, and ClickHouse reads them the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.load import identity


@given(worker=st.integers(0, 16**4 - 1), sequence=st.integers(0, 2**64 - 1))
def test_an_id_tells_what_went_into_it(worker: int, sequence: int) -> None:
    made = identity.event_id("a1b2c3d4e5f6", worker, sequence)
    assert len(made) == 32
    assert identity.parse(made) == identity.EventName(run="a1b2c3d4e5f6", worker=worker, sequence=sequence)


def test_ids_sort_by_worker_and_sequence() -> None:
    run = identity.new_run()
    made = [identity.event_id(run, worker, number) for worker in (0, 1, 300) for number in (0, 9, 10, 2**40)]
    assert made == sorted(made)
    assert list(identity.event_ids(run, 1, [0, 9])) == made[4:6]


def test_a_uuid_with_dashes_is_read_too() -> None:
    assert identity.parse("A1B2C3D4-E5F6-0003-0000-00000000ABCD").sequence == 0xABCD


@pytest.mark.parametrize("text", ["", "xyz", "0" * 31, "g" * 32])
def test_no_id_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="no event id"):
        identity.parse(text)


@pytest.mark.parametrize(("run", "worker"), [("short", 0), ("A1B2C3D4E5F6", 0), ("a1b2c3d4e5f6", 16**4)])
def test_a_wrong_run_or_worker_is_refused(run: str, worker: int) -> None:
    with pytest.raises(ValueError, match="no run and worker"):
        identity.prefix(run, worker)
