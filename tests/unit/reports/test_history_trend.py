"""The history survives what happens to files, and the trend over a thousand runs is quick, small and right."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import jsonschema
import pytest

from reports import history, trend, trend_page
from reports.__main__ import main
from reports.build import to_json
from reports.history_models import Letter
from reports.models import Verdict
from reports.schema import published
from tests.unit.report_sample import check, report
from tests.unit.reports.samples import FILE, entry
from tests.unit.test_reports_html import read as balanced


def recorded(path: Path, count: int) -> None:
    for number in range(count):
        assert history.append(path, entry(number, {"test_a": "p"}))


def test_a_run_is_recorded_once_and_its_line_fits_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    made = history.entry_of(report(check("a", Verdict.PASS), check("b", Verdict.WAIVED)))
    assert history.append(path, made)
    assert not history.append(path, made)
    (line,) = path.read_text().splitlines()
    jsonschema.validate(json.loads(line), json.loads(published("history").read_text()))
    assert history.read(path).entries == (made,)
    assert list(history.verdicts(made)) == [("suites/test_a.py::a", "p", 1.5), ("suites/test_a.py::b", "w", 1.5)]


def test_a_torn_line_is_told_and_takes_nothing_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.jsonl"
    recorded(path, 2)
    with path.open("a") as file:
        file.write('{"schema_version": 1, "run": "torn')
    before = path.read_bytes()
    assert history.append(path, entry(5, {"test_a": "f"}))
    assert path.read_bytes().startswith(before), "what is broken stays for a person to look at"
    assert [one.run for one in history.read(path).entries] == ["run-0-embedded", "run-1-embedded", "run-5-embedded"]
    assert main(["trend", "--report-dir", str(tmp_path)]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert "line 3 of the history" in line
    assert "ends in the middle" in line
    assert "line 3 of the history" in (tmp_path / "trend.html").read_text()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no history at"),
        ("", "is empty; next: python -m reports record"),
        ('{"schema_version": 9}\n', "is newer than this program (version 9, known is 1)"),
        ('{"schema_version": 1, "run": 3}\n', "is broken: run"),
        ("\x00\x01\n", "is broken: it is no JSON"),
    ],
)
def test_a_history_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "history.jsonl").write_text(content)
    assert main(["trend", "--report-dir", str(tmp_path)]) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert not (tmp_path / "trend.html").exists()


def letters(found: trend.Trend, stack: str = "embedded") -> dict[str, str]:
    (grid,) = [grid for grid in found.grids if grid.stack == stack]
    return {row.check.removeprefix(f"{FILE}::"): row.letters for row in grid.rows}


def test_a_flake_is_both_verdicts_on_one_commit() -> None:
    runs = [
        entry(0, {"flaky": "p", "broken": "p"}, commit="one"),
        entry(1, {"flaky": "f", "broken": "p"}, commit="one"),
        entry(2, {"flaky": "p", "broken": "f"}, commit="two"),
        entry(3, {"flaky": "p", "broken": "f"}, commit="two"),
        entry(4, {"flaky": "f", "broken": "p"}, commit="x-dirty"),
        entry(5, {"flaky": "p", "broken": "p", "new": "p"}, commit="x-dirty"),
    ]
    found = trend.shape(runs)
    assert letters(found) == {"flaky": "kkppfp", "broken": "ppffpp", "new": "-----p"}
    assert [row.check for _, row in found.flakes] == [f"{FILE}::flaky"]


def test_systematic_failures_are_told_apart() -> None:
    runs = []
    for number in range(8):
        both: dict[str, Letter] = {"everywhere": "f", "here": "f" if number > 2 else "p", "fine": "p"}
        version = {"relay": "2" if number in (1, 2, 6) else "1"}
        runs.append(entry(number, {**both, "new_relay": "f" if version["relay"] == "2" else "p"}, versions=version))
        runs.append(entry(number, {"everywhere": "f", "here": "p", "fine": "p"}, stack="kind"))
    found = {(one.common, one.check.rpartition("::")[2]): one.sentence for one in trend.shape(runs).patterns}
    assert found == {
        ("all stacks", "everywhere"): "fails on embedded and kind",
        ("one stack", "here"): "fails on embedded, holds on kind",
        ("one version", "new_relay"): "on embedded fails with relay 2 only (3 runs)",
        ("every run", "everywhere"): "failed in each of the last 5 runs on kind",
        ("every run", "here"): "failed in each of the last 5 runs on embedded",
    }


def test_a_check_that_became_slower_comes_first() -> None:
    runs = [
        entry(number, {"slow": "p", "slower": "p"}, seconds=(9.0, 1.0 if number < 15 else 4.0)) for number in range(20)
    ]
    first, second = trend.shape(runs).durations
    assert (first.check.rpartition("::")[2], first.slower, first.before, first.now) == ("slower", True, 1.0, 4.0)
    assert not second.slower


def test_a_thousand_runs_of_three_hundred_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(1)
    names = [f"test_something_that_matters[{number}]" for number in range(300)]
    path = tmp_path / "history.jsonl"
    with path.open("w") as file:
        for number in range(1000):
            noisy = {name: chance.choices("pfuwn", (92, 3, 1, 2, 2))[0] for name in names}
            line = entry(number, {}, commit=f"c{number // 3}").model_dump(mode="json")
            line["checks"] = {FILE: {name: (letter, chance.random()) for name, letter in noisy.items()}}
            file.write(json.dumps(line) + "\n")
    began = time.process_time()
    assert main(["trend", "--report-dir", str(tmp_path)]) == 0
    assert time.process_time() - began < 5.0
    page = (tmp_path / "trend.html").read_text()
    assert len(page.encode()) < 3_000_000
    assert "<script" not in page
    assert "1000 runs" in capsys.readouterr().out
    balanced(page)


def test_the_worst_history_still_is_a_small_page() -> None:
    """Verdicts that change at every run leave nothing to shorten."""
    chance = random.Random(2)
    rows = [
        trend.Row(check=f"{FILE}::test_{number}", letters="".join(chance.choices("pfukwan", k=1000)), counts={"f": 1})
        for number in range(300)
    ]
    assert sum(len(trend_page.strip(row)) for row in rows) < 2_700_000


def test_the_strip_shows_a_single_failure_among_many() -> None:
    row = trend.Row(check="c", letters="p" * 500 + "f" + "p" * 499, counts={"p": 999, "f": 1})
    assert '<path class="c-f" d="M0 .5m500 0h4"/>' in trend_page.strip(row)
    assert 'aria-label="1 fail, 999 pass"' in trend_page.strip(row)


def test_record_takes_the_newest_run_and_trend_links_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "report.json").write_text(to_json(report(check("a", Verdict.PASS))))
    where = ["--report-dir", str(tmp_path)]
    assert main(["write", *where]) == 0
    assert main(["record", *where]) == 0
    assert main(["record", *where]) == 0
    assert main(["trend", *where]) == 0
    assert "has the run r1 already" in capsys.readouterr().out
    assert 'href="r1/report.html"' in (tmp_path / "trend.html").read_text()
