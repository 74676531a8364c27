"""Events are due when the shape says, whatever the number of workers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.errors import BadInput
from fixtures.load.schedule import Wanted, parse_duration, parse_rate, schedule


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("12.5", 12.5),
        ("600/min", 10),
        ("86400/day", 1),
        ("100k/day", 100_000 / 86400),
        ("1m/d", 1e6 / 86400),
        ("5/s", 5),
    ],
)
def test_rates(text: str, rate: float) -> None:
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "0", "-5", "fast", "10/week", "1e3", "nan", "9999m"])
def test_no_rates(text: str) -> None:
    with pytest.raises(BadInput, match="a rate is needed"):
        parse_rate(text)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("1.5m", 90)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "soon", "30h", "m"])
def test_no_durations(text: str) -> None:
    with pytest.raises(BadInput, match="a duration is needed"):
        parse_duration(text)


def test_a_steady_load_is_even() -> None:
    made = schedule(Wanted(rate=50, seconds=2))
    dues = list(made.share(0, 1))
    assert (made.planned, len(dues), made.peak) == (100, 100, 50)
    assert np.diff(dues) == pytest.approx(0.02)
    assert dues[0] == pytest.approx(0.01)


def test_a_ramp_rises() -> None:
    made = schedule(Wanted(shape="ramp", rate=1, to_rate=99, seconds=10))
    dues = np.array(list(made.share(0, 1)))
    assert made.planned == 500
    assert np.count_nonzero(dues < 5) == pytest.approx(made.planned * 0.255, abs=2)
    assert np.all(np.diff(dues) > 0)


def test_a_staircase_and_a_spike_have_their_levels() -> None:
    stairs = schedule(Wanted(shape="step", rate=10, to_rate=50, steps=5, seconds=50))
    assert [piece.first for piece in stairs.pieces] == [10, 20, 30, 40, 50]
    spike = np.array(list(schedule(Wanted(shape="spike", rate=10, to_rate=100, seconds=10)).share(0, 1)))
    assert np.count_nonzero((spike >= 4) & (spike < 6)) == pytest.approx(200, abs=1)
    assert len(spike) == 280


def test_a_day_keeps_its_mean_and_its_peak() -> None:
    made = schedule(Wanted(shape="day", rate=20, seconds=960, peak=10))
    assert made.planned == pytest.approx(20 * 960, rel=0.001)
    assert made.peak == pytest.approx(200, rel=0.03)
    assert min(piece.first for piece in made.pieces) == pytest.approx(20 * 0.3, rel=0.03)


def test_a_recording_is_replayed(tmp_path: Path) -> None:
    recording = tmp_path / "rate.csv"
    recording.write_text("seconds,rate\n0,10\n10,10\n20,0\n30,0\n40,20\n")
    made = schedule(Wanted(shape="replay", file=recording))
    dues = np.array(list(made.share(0, 1)))
    assert made.planned == 100 + 50 + 0 + 100
    assert np.count_nonzero((dues > 20.01) & (dues < 29.99)) == 0
    assert dues.max() < 40


@pytest.mark.parametrize(
    "text", ["", "0,1", "0,1\n0,2", "0,1\n1,-1", "0,1\n1,x", "0,1\n1,2,3", "0,1\n1,inf", "seconds,rate\n"]
)
def test_no_recording(tmp_path: Path, text: str) -> None:
    recording = tmp_path / "rate.csv"
    recording.write_text(text)
    with pytest.raises(BadInput, match=r"row|recording"):
        schedule(Wanted(shape="replay", file=recording))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (Wanted(shape="wave"), "no load shape 'wave'"),
        (Wanted(shape="ramp"), "second rate"),
        (Wanted(shape="step", to_rate=5, steps=1), "no staircase"),
        (Wanted(shape="day", peak=1), "no day"),
        (Wanted(shape="replay"), "needs a recording"),
        (Wanted(shape="replay", file=Path("/nowhere")), "cannot be read"),
        (Wanted(rate=0.001, seconds=10), "no event is due"),
    ],
)
def test_a_wrong_shape_is_one_sentence(wanted: Wanted, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        schedule(wanted)


@settings(max_examples=40, deadline=None)
@given(
    rates=st.lists(st.floats(0.5, 200), min_size=2, max_size=2),
    workers=st.integers(1, 7),
    shape=st.sampled_from(["steady", "ramp", "spike", "step", "day"]),
)
def test_workers_share_one_schedule(rates: list[float], workers: int, shape: str) -> None:
    made = schedule(Wanted(shape=shape, rate=rates[0], to_rate=rates[1], seconds=30))
    shares = [list(made.share(worker, workers)) for worker in range(workers)]
    together = sorted(due for share in shares for due in share)
    assert together == pytest.approx(list(made.share(0, 1)))
    assert all(0 <= due <= made.seconds for due in together)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
