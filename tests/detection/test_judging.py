"""The judge of a fault: what counts as caught, missed and a false alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reports.models import CheckResult, Machine, Report, Run, StackFacts, Verdict
from tests.detection import score, seeds
from tests.detection.fault import CHECKS, Fault, covers
from tests.detection.judging import Outcome, Result, judge

FAULT = Fault(
    id="seeded",
    sentence="Something is broken.",
    stands_for="an incident",
    inject=lambda _: None,
    blocks=True,
    must_fail=("test_a.py::test_named", "test_a.py::test_many[one]"),
    may_fail=("test_a.py::test_neighbour",),
    must_pass=("test_a.py::test_other",),
)
ALL_WELL = {"test_named": Verdict.FAIL, "test_many[one]": Verdict.UNKNOWN, "test_other": Verdict.PASS}


def _report(verdicts: dict[str, Verdict]) -> Report:
    machine = Machine(cores=2, memory_bytes=1, python="3.11", system="Linux")
    run = Run(
        id="r", started=datetime.now(UTC), seconds=1, command=["pytest"], finished=True, exit_code=1, machine=machine
    )
    checks = [
        CheckResult(
            id=f"{CHECKS}test_a.py::{name}", purpose="p", requirements=["ING-001"], verdict=verdict, reason="why"
        )
        for name, verdict in verdicts.items()
    ]
    return Report(run=run, stack=StackFacts(kind="embedded"), requirements=[], checks=checks)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, Outcome.CAUGHT),
        ({"test_neighbour": Verdict.FAIL}, Outcome.CAUGHT),
        ({"test_named": Verdict.PASS}, Outcome.MISSED),
        ({"test_named": Verdict.NOT_APPLICABLE}, Outcome.MISSED),
        ({"test_named": Verdict.NOT_RUN}, Outcome.MISSED),
        ({"test_named": Verdict.WAIVED}, Outcome.MISSED),
        ({"test_other": Verdict.FAIL}, Outcome.FALSE_ALARM),
        ({"test_other": Verdict.UNKNOWN}, Outcome.FALSE_ALARM),
        ({"test_many[two]": Verdict.FAIL}, Outcome.FALSE_ALARM),
        ({"test_named": Verdict.PASS, "test_other": Verdict.FAIL}, Outcome.MISSED),
    ],
)
def test_an_outcome_follows_from_the_verdicts(change: dict[str, Verdict], outcome: Outcome) -> None:
    assert judge(FAULT, _report({**ALL_WELL, **change})).outcome is outcome


def test_unknown_counts_only_where_the_fault_blocks_what_a_check_prepares() -> None:
    result = judge(replace(FAULT, blocks=False), _report(ALL_WELL))
    assert (result.outcome, result.missed) == (Outcome.MISSED, (f"{CHECKS}test_a.py::test_many[one] (unknown)",))


def test_a_named_check_that_is_not_there_is_missed() -> None:
    result = judge(FAULT, _report({"test_named": Verdict.FAIL}))
    assert (result.outcome, result.missed) == (Outcome.MISSED, ("test_a.py::test_many[one]",))


def test_a_name_means_all_its_parameters_and_no_longer_name() -> None:
    assert covers("a.py::test_x", f"{CHECKS}a.py::test_x[1]")
    assert covers("a.py::test_x[1]", f"{CHECKS}a.py::test_x[1]")
    assert not covers("a.py::test_x", f"{CHECKS}a.py::test_xy")
    assert not covers("a.py::test_x[1]", f"{CHECKS}a.py::test_x[12]")


def test_a_session_is_taken_up_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caught = Result(fault="a", outcome=Outcome.CAUGHT)
    monkeypatch.setattr(score, "commit", lambda: "one")
    score.save(tmp_path / "score.json", [caught, Result(fault="b", outcome=Outcome.MISSED)])
    assert score.earlier(tmp_path / "score.json") == (caught,)
    monkeypatch.setattr(score, "commit", lambda: "another")
    assert score.earlier(tmp_path / "score.json") == ()
    monkeypatch.setattr(score, "commit", lambda: "one-dirty")
    score.save(tmp_path / "score.json", [caught])
    assert score.earlier(tmp_path / "score.json") == ()
    assert score.earlier(tmp_path / "none.json") == ()


def test_the_table_tells_what_was_missed() -> None:
    missed = Result(fault="a", outcome=Outcome.MISSED, named=5, missed=("c1", "c2", "c3", "c4", "c5"))
    text = "\n".join(score.lines([missed, Result(fault="b", outcome=Outcome.CAUGHT, seconds=4)]))
    assert "a: missed by c1" in text
    assert "missed by 2 more" in text
    assert "2 faults tried: 1 caught, 1 missed, 0 false alarm, 0 not seeded; 4 s" in text


def test_a_seed_changes_a_module_once_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seeded_victim.py").write_text("def answer():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.meta_path", list(__import__("sys").meta_path))
    exec(compile(seeds.after_import("seeded_victim", "def answer(): return 2"), "seed", "exec"), {})
    assert __import__("seeded_victim").answer() == 2
