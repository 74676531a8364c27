"""Adding a waiver by command: what it fills in, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

import shlex
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from fixtures import waive
from fixtures.requirements import load_requirements
from fixtures.waivers import load_waivers, today
from reports.build import to_json
from reports.models import Verdict
from tests.unit.report_sample import check, report

REQUIREMENTS = """
requirements:
- {id: ING-001, topic: ingestion, level: core, sentence: "It is stored once.", where: Context, waivable: false}
- {id: ING-002, topic: ingestion, level: core, sentence: "It is answered.", where: Context}
"""
HEAD = "# What upstream cannot do.\nwaivers: []\n"
SAID = "--reason 'upstream has no such setting' --upstream 'example issue 12 of 3.4' --owner 'the team'"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    suites, run = tmp_path / "suites", tmp_path / "out" / "r1"
    suites.mkdir()
    run.mkdir(parents=True)
    (suites / "requirements.yaml").write_text(REQUIREMENTS)
    (suites / "waivers.yaml").write_text(HEAD)
    made = report(
        check("once", Verdict.FAIL, "ING-001", "lost"),
        check("answer[gzip]", Verdict.FAIL, "ING-002", "no"),
        check("answer[plain]", Verdict.PASS, "ING-002"),
        check("deaf", Verdict.UNKNOWN, "ING-002", "nothing read"),
    )
    (run / "report.json").write_text(to_json(made))
    return tmp_path


def command(place: Path, text: str) -> int:
    where = ["--suites", str(place / "suites"), "--report-dir", str(place / "out")]
    return waive.main([*shlex.split(text), *where])


def written(place: Path) -> str:
    return (place / "suites" / "waivers.yaml").read_text()


def test_what_can_be_known_is_filled_in(place: Path) -> None:
    assert command(place, f"gzip {SAID}") == 0
    assert written(place).startswith("# What upstream cannot do.\nwaivers:\n  - target: ")
    known = load_requirements(place / "suites" / "requirements.yaml")
    (made,) = load_waivers(place / "suites" / "waivers.yaml", known)
    assert made.target == "suites/test_a.py::answer[gzip]"
    assert made.stacks == ["embedded"]
    assert made.expires == today() + timedelta(days=waive.DAYS)
    assert command(place, f"ING-002 --stacks kind existing {SAID}") == 0
    assert [one["target"] for one in yaml.safe_load(written(place))["waivers"]] == [made.target, "ING-002"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"once {SAID}", "cannot be waived: ING-001 is never waivable"),
        (f"ING-001 --stacks kind {SAID}", "cannot be waived: ING-001 is never waivable"),
        (f"plain {SAID}", "its verdict there is pass, and only a fail is waived"),
        (f"deaf {SAID}", "its verdict there is unknown"),
        (f"nowhere {SAID}", "no check of that name ran there"),
        (f"test_a {SAID}", "'test_a' may be suites/test_a.py::once, suites/test_a.py::answer[gzip]"),
        (f"gzip {SAID} --expires soon", "is no day"),
        (f"gzip {SAID} --expires 2020-01-01", "is not within a year"),
        (f"gzip {SAID} --run r9", "there is no report of 'r9'"),
        ("gzip --reason 'TODO: find a reason' --upstream 'example issue 12' --owner me", "says nothing"),
        ("gzip --reason 'upstream has no setting' --upstream 'n/a for now' --owner me", "says nothing"),
    ],
)
def test_what_is_refused_is_one_sentence_and_changes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    assert command(place, text) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert written(place) == HEAD


def test_a_target_is_waived_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, f"gzip {SAID}") == 0
    before = written(place)
    assert command(place, f"gzip {SAID}") == 4
    assert "is waived already" in capsys.readouterr().err
    assert written(place) == before
