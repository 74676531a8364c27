"""Each rule about a sign-off sees its fault and only that; the checks say fail, unknown and not-applicable rightly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures import capacity_bench as rules
from fixtures.load.capacity import __main__ as command
from reports import capacity
from reports.capacity_models import Capacity, SignOff
from suites.capacity import test_sign_off as checks
from tests.unit.capacity.simulated import Simulated

RULES = (
    rules.takes_the_floor, rules.says_what_limits, rules.fits_the_volumes, rules.stays_below_hundred,
    rules.within_requests,
)  # fmt: skip
Rule = Callable[[Capacity], Iterator[str]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Capacity:
    folder = tmp_path_factory.mktemp("out")
    command.main([f"--report-dir={folder}", "--run-id=one"], Simulated(40.0))
    return capacity.load(folder / "one" / "capacity.json")


def _small(signed: Capacity) -> Capacity:
    few = {"events_per_day": 9_000}
    return signed.model_copy(update=few)


def _nameless(signed: Capacity) -> Capacity:
    return signed.model_copy(update={"sustainable": 1.0, "saturation": None})


def _fat(signed: Capacity) -> Capacity:
    volume = signed.volumes[0]
    fat = volume.model_copy(update={"needed": {**volume.needed, rules.FLOOR: 1e15}})
    return signed.model_copy(update={"volumes": (fat, *signed.volumes[1:])})


def _huge(signed: Capacity) -> Capacity:
    return signed.model_copy(
        update={"hundred": tuple(one.model_copy(update={"kept_below": False}) for one in signed.hundred)}
    )


def _hungry(signed: Capacity) -> Capacity:
    return signed.model_copy(update={"rows": (signed.rows[0].model_copy(update={"within": False}), *signed.rows[1:])})


FAULTS: dict[Callable[[Capacity], Capacity], Rule] = dict(
    zip((_small, _nameless, _fat, _huge, _hungry), RULES, strict=True)
)


def test_a_good_sign_off_breaks_nothing(good: Capacity) -> None:
    assert [sentence for rule in RULES for sentence in rule(good)] == []
    assert rules.gaps(good) == {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_seen_by_its_rule_alone(good: Capacity, fault: Callable[[Capacity], Capacity]) -> None:
    broken = fault(good)
    assert [rule for rule in RULES if list(rule(broken))] == [FAULTS[fault]]


def test_what_is_not_known_is_unknown(good: Capacity) -> None:
    lost = {"verdict": SignOff.UNKNOWN, "sustainable": None, "volumes": (), "rows": (), "reasons": ("too slow",)}
    nothing = good.model_copy(update=lost)
    assert set(rules.gaps(nothing)) == {"CAP-001", "CAP-002", "CAP-003", "CAP-004", "BUD-004"}
    with pytest.raises(pytest.fail.Exception, match="too slow"):
        checks.test_the_adrs_rate_and_its_bursts_are_taken_without_loss(nothing)


def test_processes_are_no_containers(good: Capacity) -> None:
    with pytest.raises(pytest.skip.Exception, match="not the ADR's containers"):
        checks.test_measured_use_stays_within_the_requests(good)


def test_a_loss_fails_although_figures_are_missing(tmp_path: Path) -> None:
    command.main([f"--report-dir={tmp_path}", "--run-id=bad"], Simulated(40.0, lose=1))
    with pytest.raises(AssertionError, match="were lost"):
        checks.test_the_adrs_rate_and_its_bursts_are_taken_without_loss(
            capacity.load(tmp_path / "bad" / "capacity.json")
        )
