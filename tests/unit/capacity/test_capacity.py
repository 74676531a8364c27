"""The whole of ``make capacity`` against a simulated platform: what it finds, what it refuses, what it leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.errors import SuiteError
from fixtures.load.capacity import __main__ as command
from fixtures.load.capacity import objectives, projection
from fixtures.load.capacity.driver import LocustDriver
from fixtures.load.capacity.saturation import scaling
from fixtures.load.capacity.search import Plan, Search, spread
from reports import capacity
from reports.build import ReportError
from reports.capacity_models import Capacity, SignOff, Step, StepVerdict
from tests.unit.capacity.simulated import EACH, IDLE, STORES, Simulated

ROWS = {"Sentry Services": ("sentry-worker", "relay")}


def signed(folder: Path, driver: Simulated, *more: str, code: int = 0) -> Capacity:
    assert command.main([f"--report-dir={folder}", "--run-id=one", *more], driver) == code
    return capacity.load(folder / "one" / "capacity.json")


def search(driver: Simulated, **plan: float) -> Search:
    made = Search(driver=driver, objectives=objectives.load(), plan=Plan(**plan))  # type: ignore[arg-type]
    made.run()
    return made


@pytest.mark.parametrize("true", [1.3, 9.0, 37.0, 400.0])
def test_the_rate_is_found_from_below_and_from_above(true: float) -> None:
    found = search(Simulated(true)).found
    assert 0.85 * true <= found[0] <= 1.12 * true


def test_three_searches_of_a_noisy_platform_agree() -> None:
    made = search(Simulated(30.0, noise=0.03), repeats=3)
    assert len(made.found) == 3
    assert (spread(made.found) or 0) <= 0.15
    assert made.soak is not None
    assert made.soak.rate == pytest.approx(0.8 * min(made.found))


def test_a_platform_that_holds_is_signed_off_with_its_first_limit(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(40.0))
    assert (found.verdict, found.partial, found.soak and found.soak.verdict) == (
        SignOff.SIGNED,
        False,
        StepVerdict.SUSTAINED,
    )
    lowest = min(one.events_per_day for one in found.limits if one.events_per_day is not None)
    assert found.events_per_day
    assert found.events_per_day <= lowest < found.events_per_day * 1.1 + 1
    assert "the first limit is the volume of postgres" in found.reasons[0]
    page = (tmp_path / "one" / "capacity.html").read_text()
    assert capacity.sentence(found) in page
    assert page.count("<svg") == 4 + len(found.volumes[0].needed)
    assert not {"<script", "http://", "https://"} & set(page.split('"'))


def test_one_lost_event_forbids_the_sign_off(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(40.0, lose=1), code=1)
    assert (found.verdict, found.events_per_day, found.sustainable) == (SignOff.REFUSED, None, None)
    assert "acknowledged events were lost" in found.reasons[0]


def test_a_slow_generator_leaves_it_unknown(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(1e6, limit=10.0), "--limit=1", code=0)
    assert found.sustainable == 8.0
    found = signed(tmp_path / "slower", Simulated(1e6, limit=1.0), code=6)
    assert (found.verdict, found.sustainable) == (SignOff.UNKNOWN, None)
    assert "too slow" in found.reasons[0]


def test_a_platform_below_the_floor_is_refused(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(1.1), code=1)
    assert any("fewer than the record's 10,000" in reason for reason in found.reasons)


def test_an_interrupt_keeps_what_was_measured(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(40.0, interrupt_at=4), code=130)
    assert (found.partial, found.ended_by, len(found.steps), found.verdict) == (True, "Ctrl-C", 3, SignOff.UNKNOWN)


def test_a_changed_sign_off_is_noticed(tmp_path: Path) -> None:
    signed(tmp_path, Simulated(40.0))
    path = tmp_path / "one" / "capacity.json"
    path.write_text(path.read_text().replace('"stored": 80', '"stored": 81', 1))
    with pytest.raises(ReportError, match="changed after"):
        capacity.load(path)


def test_cost_and_storage_are_those_of_the_platform(tmp_path: Path) -> None:
    found = signed(tmp_path, Simulated(40.0))
    each = {one.store: one.bytes_per_event for one in found.volumes}
    assert each == {name: pytest.approx(size) for name, size in STORES.items()}
    row = next(one for one in found.rows if one.name == "Sentry Services")
    parts = ROWS[row.name]
    assert row.idle_cores == pytest.approx(sum(IDLE[name] for name in parts), rel=0.05)
    assert row.cpu_seconds_per_million == pytest.approx(1e6 * sum(EACH[name] for name in parts), rel=0.05)
    assert found.saturation is not None
    assert found.saturation.component == "sentry-worker"
    at = {one.events_per_day: one for one in found.hundred}
    assert at[100_000].days == pytest.approx(100e9 / (900 * 100_000))
    assert at[100_000].kept_below is True


def test_an_old_run_is_never_taken_for_a_new_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed(tmp_path, Simulated(40.0))
    assert command.main([f"--report-dir={tmp_path}", "--run-id=one"], Simulated(1.0)) == 4
    assert "there is a run one already" in capsys.readouterr().err
    record = tmp_path / "steps" / "step-01" / "load.json"
    record.parent.mkdir(parents=True)
    record.touch()
    with pytest.raises(SuiteError, match="another run"):
        LocustDriver(place=(), folder=tmp_path / "steps", drain=1.0).run(1.0, 1.0)


def test_bad_input_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "objectives.yaml"
    broken.write_text("loss: 3")
    assert command.main([f"--objectives={broken}"], Simulated(1.0)) == 4
    assert command.main(["--stack=kind"]) == 4
    assert command.main([f"--target={tmp_path / 'none'}"]) == 4
    assert [line[:6] for line in capsys.readouterr().err.strip().splitlines()] == ["error:"] * 3


def _bent(rate: float) -> Step:
    done, _ = Simulated(10.0).run(rate, 20)
    made = objectives.step(done, objectives.load(), purpose="double", search=1, rate=rate, record="")
    x = 100 * rate / (1 + 0.05 * (rate - 1) + 0.001 * rate * (rate - 1))
    return made.model_copy(update={"queryable": x, "freshness_p50": 1000 * rate / x})


def test_the_scaling_law_is_found_again() -> None:
    fitted = scaling([_bent(n) for n in (2, 5, 10, 20, 40)])
    assert fitted is not None
    assert fitted[0] == pytest.approx(0.05, rel=0.01)
    assert fitted[1] == pytest.approx(0.001, rel=0.01)


def test_a_line_needs_two_places() -> None:
    assert projection.line([(1.0, 2.0), (1.0, 3.0)]) is None
    assert projection.line([(1.0, 3.0), (3.0, 7.0)]) == (1.0, 2.0)


def test_no_cost_is_negative() -> None:
    assert projection.cost_line([(1.0, 3.0), (3.0, 7.0)]) == (1.0, 2.0)
    assert projection.cost_line([(1.0, 1.0), (2.0, 4.0)]) == (0.0, 1.8)
    assert projection.cost_line([(1.0, 4.0), (2.0, 2.0)]) == (3.0, 0.0)
