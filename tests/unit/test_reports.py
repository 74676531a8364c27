"""The rules of verdicts, the report as data, and the command that shows one."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import terminal
from reports.__main__ import main
from reports.build import ReportError, digest, load, to_json
from reports.models import ComponentFact, Report, StackFacts, Verdict
from reports.rules import exit_code, requirement_verdict
from reports.schema import KINDS, published, text
from tests.unit.report_sample import check, report

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
W, A, R = Verdict.WAIVED, Verdict.NOT_APPLICABLE, Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ([], R),
        ([P, P], P),
        ([P, F, U, R, W, A], F),
        ([P, U, R, W, A], U),
        ([P, R, W, A], R),
        ([P, W, A], W),
        ([P, A], P),
        ([A, A], A),
        ([R], R),
    ],
)
def test_requirement_verdict(checks: list[Verdict], verdict: Verdict) -> None:
    assert requirement_verdict(checks) is verdict


@given(st.lists(st.sampled_from(list(Verdict))))
def test_nothing_reads_as_success_without_evidence(checks: list[Verdict]) -> None:
    if requirement_verdict(checks) is P:
        assert P in checks
        assert set(checks) <= {P, A}
    if exit_code(checks, waiver_problems=False) == 0:
        assert set(checks) & {P, W}
        assert not set(checks) & {F, U, R}


@pytest.mark.parametrize(
    ("checks", "problems", "code"),
    [
        ([P], False, 0),
        ([F], True, 1),
        ([P, U], True, 7),
        ([P, U], False, 6),
        ([], False, 5),
        ([A], False, 5),
        ([W], False, 0),
    ],
)
def test_exit_code(checks: list[Verdict], problems: bool, code: int) -> None:
    assert exit_code(checks, waiver_problems=problems) == code


@pytest.mark.parametrize("kind", KINDS)
def test_published_schemas_are_current(kind: str) -> None:
    assert published(kind).read_text() == text(kind), "run: python -m reports schema --write"


def test_the_published_schema_holds_for_a_report() -> None:
    made = json.loads(to_json(report(check("a", F, reason="seen"))))
    jsonschema.validate(made, json.loads(published("report").read_text()))


def test_a_report_survives_writing_and_reading(tmp_path: Path) -> None:
    before = report(check("a", P), check("b", W, "ING-002", "known"))
    (tmp_path / "report.json").write_text(to_json(before))
    assert load(tmp_path / "report.json") == before


def test_requirements_carry_the_reason_of_their_worst_check() -> None:
    made = report(check("a", P), check("b", F, reason="\nfirst seen\nmore"), check("c", F, reason="other"))
    reasons = {entry.id: (entry.verdict, entry.reason) for entry in made.requirements}
    assert reasons == {
        "ING-001": (F, "first seen (and 1 more of 3 checks)"),
        "ING-002": (R, "none of its checks was selected"),
        "CAP-001": (R, "needs the load tests, planned"),
    }


def changed(**fields: object) -> str:
    return json.dumps({**json.loads(to_json(report(check("a", P)))), **fields})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "it ends in the middle"),
        ("{x}", "it is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "names no schema version"),
        (changed(schema_version=3), "it is newer than this program"),
        (changed(schema_version=0), "names no schema version that is known"),
        (changed(checks=[{"id": 1}]), "is broken: checks.0"),
        (changed(grids=[]), "changed after it was written"),
    ],
)
def test_a_report_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, sentence: str
) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    assert main(["show", str(path)]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    with pytest.raises(ReportError):
        load(path)


def test_show_finds_a_run_by_its_id_and_gives_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "report.json").write_text(to_json(report(check("a", U, reason="nothing read"), exit_code=6)))
    assert main(["show", "r1", "--report-dir", str(tmp_path)]) == 6
    assert "nothing read" in capsys.readouterr().out
    assert main(["show", "r2", "--report-dir", str(tmp_path)]) == 4
    assert "known runs end with r1" in capsys.readouterr().err


def test_an_unknown_command_is_bad_input() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["dance"])
    assert ended.value.code == 4


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (report(check("a", P)), "All 1 judged checks hold on the embedded stack; 2 of 3 requirements were not judged."),
        (
            report(check("a", P), check("b", W)),
            "All 2 judged checks hold on the embedded stack, 1 of them waived; 2 of 3 requirements were not judged.",
        ),
        (
            report(check("a", F), exit_code=1),
            "The platform does not conform: 1 of 1 judged checks failed on the embedded stack.",
        ),
        (
            report(check("a", U), exit_code=6),
            "No check failed on the embedded stack, but 1 could not be judged: that is no success.",
        ),
        (report(check("a", A), exit_code=5), "Nothing was judged on the embedded stack: that is no success."),
        (
            report(check("a", P), problem="p", exit_code=7),
            "No check failed on the embedded stack, but 1 waiver needs attention.",
        ),
        (
            report(check("a", P), exit_code=2),
            "The run was interrupted: 1 of 1 checks were judged on the embedded stack.",
        ),
        (
            report(check("a", R), exit_code=None, finished=False),
            "The run has not ended: 0 of 1 checks were judged on the embedded stack.",
        ),
    ],
)
def test_the_verdict_in_one_sentence(made: Report, sentence: str) -> None:
    assert terminal.sentence(made) == sentence


def test_the_digest_covers_the_content() -> None:
    one, other = report(check("a", P)), report(check("a", F))
    assert one.digest == digest(one) != other.digest


def test_the_first_lines_tell_operators_from_stand_ins() -> None:
    parts = [
        ComponentFact(name="postgres", version="17", provenance="real", managed_by="operator CloudNativePG 1.30.0"),
        ComponentFact(name="kafka", version="4", provenance="real", managed_by="StatefulSet without an operator"),
        ComponentFact(name="snuba", version="1", provenance="stand-in", managed_by="Deployment"),
    ]
    judged = report().model_copy(update={"stack": StackFacts(kind="kind", components=parts)})
    assert terminal.what_was_judged(judged) == (
        "2 of 3 components real, 1 stand-in (snuba); by their operators: postgres; without their operator: kafka"
    )
