"""A diff: nothing for a run with itself, and exactly the one change that was seeded, of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reports import diff_text
from reports.__main__ import main
from reports.build import seal, to_json
from reports.diff import Kind, Side, compare
from reports.history import append, entry_of
from reports.history_models import CapacityFigures, LoadFigures
from reports.models import CheckResult, ComponentFact, Report, Verdict
from reports.noise import Noise, limit
from tests.unit.report_sample import check, report

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
A, B = "suites/test_a.py::a", "suites/test_a.py::b"
QUIET = Noise(seconds={A: [1.5, 1.4, 1.6, 1.5, 1.5, 1.45]}, runs=6)


def base() -> Report:
    return report(check("a", P), check("b", F, reason="seen"))


def with_check(name: str, **fields: object) -> Callable[[Report], Report]:
    def change(before: Report) -> Report:
        checks = [one.model_copy(update=fields) if one.id == name else one for one in before.checks]
        return before.model_copy(update={"checks": checks})

    return change


def with_parts(*parts: ComponentFact) -> Callable[[Report], Report]:
    return lambda before: before.model_copy(
        update={"stack": before.stack.model_copy(update={"components": list(parts)})}
    )


def without_proof(before: Report) -> Report:
    kept = [one.model_copy(update={"checks": []}) for one in before.requirements]
    return before.model_copy(update={"requirements": kept})


def with_proof(before: Report) -> Report:
    found = [
        one.model_copy(update={"checks": ["x"], "verdict": P}) if one.id == "ING-002" else one
        for one in before.requirements
    ]
    return before.model_copy(update={"requirements": found})


def more(one: CheckResult) -> Callable[[Report], Report]:
    return lambda before: before.model_copy(update={"checks": [*before.checks, one]})


def test_a_run_with_itself_is_empty() -> None:
    found = compare(Side(report=base()), Side(report=base()), QUIET)
    assert found.changes == ()
    assert not found.worse
    assert diff_text.text(found).splitlines()[0] == "Nothing changed from r1 to r1."


@pytest.mark.parametrize(
    ("change", "kind", "worse"),
    [
        (with_check(A, verdict=F, reason="no"), Kind.FAILURE, True),
        (with_check(A, verdict=U, reason="nothing read"), Kind.UNKNOWN, True),
        (with_check(A, verdict=Verdict.NOT_RUN, reason="left"), Kind.UNJUDGED, True),
        (with_check(B, verdict=P, reason=""), Kind.FIXED, False),
        (with_check(B, verdict=Verdict.WAIVED), Kind.VERDICT, False),
        (with_check(A, seconds=9.0), Kind.SLOWER, True),
        (with_parts(ComponentFact(name="snuba", version="2", provenance="stand-in")), Kind.VERSION, False),
        (without_proof, Kind.REQUIREMENT_LOST, True),
        (with_proof, Kind.REQUIREMENT_GAINED, False),
        (more(check("c", P)), Kind.CHECK_GAINED, False),
        (more(check("c", F, reason="no")), Kind.FAILURE, True),
        (lambda before: before.model_copy(update={"checks": before.checks[1:]}), Kind.CHECK_LOST, True),
    ],
)
def test_one_seeded_change_is_the_only_one(change: Callable[[Report], Report], kind: Kind, worse: bool) -> None:
    found = compare(Side(report=base()), Side(report=change(base())), QUIET)
    assert [one.kind for one in found.changes] == [kind]
    assert found.worse is worse


def test_runs_of_different_parts_are_compared_where_both_looked() -> None:
    def of(command: str, *checks: CheckResult) -> Report:
        made = report(*checks)
        return made.model_copy(update={"run": made.run.model_copy(update={"command": ["pytest", command]})})

    here, there = check("a", P), check("b", P, "ING-002").model_copy(update={"id": "suites/test_b.py::b"})
    part, whole = of("suites/test_a.py", here), of("suites/", here, there)
    found = compare(Side(report=whole), Side(report=part))
    assert not found.changes
    assert found.remarks == ("the new run r1 was asked for a part of the suites: only what both saw is compared",)
    kinds = [one.kind for one in compare(Side(report=whole), Side(report=of("suites/", here))).changes]
    assert kinds == [Kind.REQUIREMENT_LOST, Kind.CHECK_LOST]


def capacity(rate: float | None, low: float | None = None, high: float | None = None) -> CapacityFigures:
    return CapacityFigures(verdict="signed off", sustainable=rate, low=low, high=high)


@pytest.mark.parametrize(
    ("after", "changes", "worse"),
    [
        (capacity(52.0, 48.0, 54.0), 0, False),
        (capacity(30.0, 28.0, 33.0), 1, True),
        (capacity(80.0, 78.0, 85.0), 1, False),
        (capacity(None), 0, False),
        (None, 0, False),
        (CapacityFigures(verdict="not signed off", sustainable=50.0, low=46.0, high=53.0), 1, True),
    ],
)
def test_capacity_counts_beyond_its_spread_only(after: CapacityFigures | None, changes: int, worse: bool) -> None:
    old = Side(report=base(), capacity=capacity(50.0, 46.0, 53.0))
    found = compare(old, Side(report=base(), capacity=after))
    assert [one.kind for one in found.changes] == [Kind.CAPACITY] * changes
    assert found.worse is worse


@pytest.mark.parametrize(
    ("fields", "subjects"),
    [
        ({}, []),
        ({"freshness_p95": 900.0}, []),
        ({"freshness_p95": 2000.0}, ["freshness p95"]),
        ({"lost": 3}, ["acknowledged events lost"]),
        ({"offered": 40.0, "queryable": 40.0}, []),
        ({"queryable": 10.0}, ["queryable"]),
    ],
)
def test_load_figures_are_held_against_each_other_at_one_rate(fields: dict[str, float], subjects: list[str]) -> None:
    before = LoadFigures(verdict="pass", offered=20.0, acknowledged=20.0, queryable=20.0, freshness_p95=800.0)
    after = before.model_copy(update=fields)
    found = compare(Side(report=base(), load=before), Side(report=base(), load=after))
    assert [one.subject for one in found.changes] == subjects


def test_noise_needs_enough_runs_and_a_change_beyond_them() -> None:
    assert limit([1.0] * 5) == 1.5
    wild = Noise(seconds={"x": [1.0, 4.0, 2.0, 6.0, 3.0]})
    assert not wild.slower("x", 3.0, 8.0), "it was always like that"
    assert "earlier runs" in wild.slower("x", 3.0, 14.0)
    assert not Noise().slower("x", 1.0, 1.9)
    assert "too few" in Noise().slower("x", 1.0, 4.0)


def written(folder: Path, run: str, made: Report) -> None:
    made = seal(made.model_copy(update={"run": made.run.model_copy(update={"id": run})}))
    (folder / run).mkdir(parents=True)
    (folder / run / "report.json").write_text(to_json(made))


def test_the_command_takes_runs_by_name_and_by_their_place_from_the_newest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "n1", base())
    written(tmp_path, "n2", with_check(A, verdict=F, reason="| no `pipe`")(base()))
    where = ["--report-dir", str(tmp_path)]
    assert main(["diff", "n1", "n1", *where]) == 0
    assert main(["diff", "latest~1", "latest", *where]) == 1
    assert main(["diff", str(tmp_path / "n2"), str(tmp_path / "n1" / "report.json"), *where]) == 0
    assert main(["diff", "--markdown", *where]) == 1
    shown = capsys.readouterr().out
    assert "#### New failures (1)" in shown
    assert "\\| no \\`pipe\\`" in shown
    assert main(["diff", "latest~7", "latest", *where]) == 4
    assert "it holds 2 runs only" in capsys.readouterr().err


def test_durations_of_earlier_runs_come_from_the_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = tmp_path / "history.jsonl"
    for number in range(6):
        earlier = base()
        run = earlier.run.model_copy(update={"id": f"h{number}"})
        append(history, entry_of(earlier.model_copy(update={"run": run})))
    written(tmp_path, "n1", base())
    written(tmp_path, "n2", with_check(A, seconds=2.9)(base()))
    assert main(["diff", "n1", "n2", "--report-dir", str(tmp_path)]) == 1
    assert "6 earlier runs stay below 2.00 s" in capsys.readouterr().out


def test_a_large_diff_fits_a_comment() -> None:
    many = [check(f"n{number}" * 20, F, reason="x" * 3000) for number in range(900)]
    found = compare(Side(report=report()), Side(report=report(*many)))
    text = diff_text.markdown(found)
    assert len(text.encode()) < 65_536
    assert "880 more left out here" in text
    assert "... and 880 more" in diff_text.text(found)
