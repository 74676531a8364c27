"""The other forms of a report: JUnit, CTRF, Markdown, evidence pages, and the load section; and what may be removed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from reports import (
    capacity,
    charts,
    ctrf,
    html,
    junit,
    markdown,
    measured,
    outputs,
    page_tables,
    prune,
    reading,
    reproduce,
)
from reports.__main__ import main
from reports.build import seal, to_json
from reports.capacity_models import Capacity, SignOff
from reports.models import Evidence, Grid, Report, Verdict
from tests.unit.report_sample import check, report
from tests.unit.reports.samples import FIRST, load_run
from tests.unit.test_reports_html import read as balanced

P, F, U, W = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED
A, R = Verdict.NOT_APPLICABLE, Verdict.NOT_RUN
NASTY = "a \x00 & <b>\x1b[31m\ud800 | `x` ``` @team\nsecond line"
# The parts of the format's own schema that this project writes: closed objects, required fields, the five statuses.
COUNTS = ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"]
CTRF_SCHEMA = {
    "type": "object",
    "required": ["reportFormat", "specVersion", "results"],
    "properties": {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"pattern": r"^\d+\.\d+\.\d+$"},
        "results": {
            "required": ["tool", "summary", "tests"],
            "properties": {
                "summary": {"required": COUNTS, "properties": {name: {"type": "integer"} for name in COUNTS}},
                "tests": {
                    "items": {
                        "required": ["name", "status", "duration"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"minLength": 1},
                            "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
                            "duration": {"type": "integer"},
                            "suite": {"type": "array", "minItems": 1},
                            "rawStatus": {"type": "string"},
                            "tags": {"type": "array"},
                            "filePath": {"type": "string"},
                            "message": {"type": "string"},
                            "trace": {"type": "string"},
                            "extra": {"type": "object"},
                            "attachments": {"items": {"required": ["name", "contentType", "path"]}},
                        },
                    }
                },
            },
        },
    },
}


def every() -> Report:
    return report(
        check("a", P),
        check("b", F, reason=NASTY.replace("\ud800", "")),
        check("c", U, reason="nothing was read"),
        check("d", W, reason="known"),
        check("e", A, reason="no such thing here"),
        check("f", R, reason="the run ended before it"),
        check("g", R, reason="not selected"),
        exit_code=1,
    )


def test_junit_never_shows_unknown_as_passed() -> None:
    root = ET.fromstring(junit.render(every()))
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "1", "errors": "1", "skipped": "3",
    }  # fmt: skip
    outcomes = {
        case.get("name"): [one.tag for one in case if one.tag in ("failure", "error", "skipped")]
        for case in root.iter("testcase")
    }
    assert outcomes == {"a": [], "b": ["failure"], "c": ["error"], "d": ["skipped"], "e": ["skipped"], "f": ["skipped"]}
    (unknown,) = root.iter("error")
    assert unknown.get("type") == "unknown"


def test_junit_holds_what_no_xml_can() -> None:
    ET.fromstring(f"<a>{ET.tostring(_text(junit.clean(NASTY)), encoding='unicode')}</a>")


def _text(content: str) -> ET.Element:
    element = ET.Element("b")
    element.text = content
    return element


def test_ctrf_fits_the_format_and_stops_a_pipeline_for_unknown() -> None:
    made = json.loads(ctrf.render(every()))
    jsonschema.validate(made, CTRF_SCHEMA)
    summary = made["results"]["summary"]
    assert [summary[name] for name in COUNTS[:6]] == [6, 1, 2, 2, 1, 0]
    assert {test["name"]: test["rawStatus"] for test in made["results"]["tests"]}["c"] == "unknown"
    assert made["results"]["environment"]["healthy"] is False


def test_markdown_has_failures_first_and_what_to_run() -> None:
    text = markdown.render(every())
    assert text.index("### Failed or unknown (2)") < text.index("### Requirements")
    assert "pytest suites/test_a.py::b --stack=embedded" in text
    assert text.count("````") == 2, "a fence that the reason cannot close"


def test_markdown_stays_below_what_the_page_takes() -> None:
    many = [check(f"n{number}", F, reason="seen " * 2000) for number in range(3000)]
    text = markdown.render(report(*many, exit_code=1))
    assert len(text.encode()) < 1_048_576
    assert "and 2750 more, see report.json" in text


def kept(folder: Path, path: str, content: bytes) -> Evidence:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    return Evidence(name=Path(path).stem, path=path, bytes=len(content))


def test_each_failure_has_a_page_with_all_of_its_evidence(tmp_path: Path) -> None:
    files = [
        kept(tmp_path, "evidence/b/answer.txt", b"<script>x</script>" + b"y" * 20_000),
        kept(tmp_path, "evidence/b/screen.png", b"\x89PNG"),
        Evidence(name="gone", path="evidence/b/gone.txt", bytes=3),
    ]
    bad = check("b", F, reason="seen").model_copy(update={"evidence": files})
    lone = check("c", U, reason="nothing read").model_copy(update={"evidence": []})
    made = outputs.with_pages(report(check("a", P), bad, lone, exit_code=1))
    outputs.write(made, tmp_path)
    pages = {one.id.rpartition("::")[2]: one.page for one in made.checks}
    assert pages["a"] == ""
    assert pages["b"] == "evidence/b/index.html"
    page = (tmp_path / pages["b"]).read_text()
    found = balanced(page)
    assert "<script" not in page
    assert {"answer.txt", "screen.png", "../../report.html"} <= set(found.addresses)
    assert "more bytes in the file itself" in page
    assert "This file is not there any more." in page
    assert "pytest suites/test_a.py::b" in page
    for address in found.addresses:
        path = (tmp_path / pages["b"]).parent / address.partition("#")[0]
        assert path.exists() or address in ("gone.txt", "../../report.json"), address
    assert "Nothing was kept of this check" in (tmp_path / pages["c"]).read_text()
    assert f'href="{pages["b"]}"' in (tmp_path / "report.html").read_text()


def test_a_load_run_beside_the_report_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "load.json").write_text(load_run(lost=2).model_dump_json())
    page = html.render(every(), measured.beside(tmp_path))
    balanced(page)
    assert page.count('class="plot"') == 4
    assert "20 queryable, 2 lost." in page
    (tmp_path / "load.json").write_text("{")
    broken = measured.beside(tmp_path)
    assert broken.load is None
    assert "load record" in html.render(every(), broken)


def test_a_sign_off_beside_the_report_is_told_and_kept(tmp_path: Path) -> None:
    signed = capacity.seal(
        Capacity(
            id="c1", started=FIRST, seconds=1.0, command=["make", "capacity"], stack="embedded", objectives={},
            machine=report().run.machine, sustainable=44.0, searches=(42.0, 44.0, 46.0), verdict=SignOff.SIGNED,
            events_per_day=3_000_000,
        )
    )  # fmt: skip
    (tmp_path / "capacity.json").write_text(signed.model_dump_json())
    (tmp_path / "capacity.html").write_text("x")
    found = measured.beside(tmp_path)
    assert found.problems == ()
    assert found.capacity is not None
    assert (found.capacity.low, found.capacity.high) == (42.0, 46.0)
    page = html.render(every(), found)
    assert "44 events/s sustained" in page
    assert 'href="capacity.html"' in page


def test_the_lying_provider_and_the_budget_have_sections_of_their_own() -> None:
    columns = ["lie", "what is told", "expectation", "outcome", "account reached"]
    rows: list[list[str | int | float | bool | None]] = [
        ["honest", "True.", "must be let in", "let in", "a new one of their own"],
        ["expired", "Old.", "must be refused", "let in", "a new one of their own"],
        ["choice", "Odd.", "may be let in or refused", "refused", "none"],
        ["theft", "Bad.", "may be let in or refused", "let in", "ANOTHER PERSON'S"],
    ]
    grids = [
        Grid(check="c", name="hostile provider", columns=columns, rows=rows),
        Grid(check="b[built]", name="requests and volumes", columns=["row", "CPU"], rows=[["all", "300m of 200m"]]),
        Grid(check="x[1]", name="scan", columns=["port"], rows=[[1]]),
        Grid(check="x[2]", name="scan", columns=["port"], rows=[[2]]),
    ]
    made = every().model_copy(update={"grids": grids})
    told = page_tables.hostile(made)
    assert (told["against"], told["taken"]) == (2, 1)
    assert [row[0] for _, row in told["rows"]] == ["theft", "expired", "choice", "honest"]  # type: ignore[attr-defined]
    (table,) = page_tables.tables(made)
    assert (table.columns, table.rows) == (["of", "port"], [["1", 1], ["2", 2]])
    page = html.render(made)
    balanced(page)
    assert "1 of 4 lies reached the account of another person." in page
    assert 'class="over"' in page


@pytest.mark.parametrize(
    ("cell", "share", "tone"),
    [
        ("250m of 500m", 0.5, "fill"),
        ("2048Mi of 2Gi", 1.0, "near"),
        ("3Gi of 2Gi", 1.5, "over"),
        ("0Gi of 0", None, "over"),
        ("120m", None, "over"),
    ],
)
def test_a_cell_of_the_budget_is_a_share(cell: str, share: float | None, tone: str) -> None:
    made = page_tables.meter(cell)
    assert (made.share, made.tone) == (share, tone)


def test_a_full_run_becomes_all_of_its_forms_within_two_seconds(tmp_path: Path) -> None:
    checks = [check(f"c{number}", P if number % 20 else F, reason="seen " * 200) for number in range(1000)]
    made = outputs.with_pages(report(*checks, exit_code=1))
    began = time.process_time()
    outputs.write(made, tmp_path)
    assert time.process_time() - began < 2.0
    assert (tmp_path / "report.html").stat().st_size < 2_000_000


def test_thinning_keeps_every_peak() -> None:
    points = [(float(number), 0.0) for number in range(5000)]
    points[1234] = (1234.0, 99.0)
    thinned = charts.thin(points)
    assert len(thinned) <= charts.MOST_POINTS
    assert (1234.0, 99.0) in thinned


def test_a_whole_run_is_reproduced_by_one_line() -> None:
    command = ["pytest", "suites/", "-k", "a or b"]
    line = ".venv/bin/pytest suites/ -k 'a or b'"
    assert reproduce.whole(command, "abc") == f"git checkout abc && make -s environment && {line}"
    assert reproduce.whole(command, "abc-dirty") == f"make -s environment && {line}"


def test_a_report_of_version_1_is_read(tmp_path: Path) -> None:
    data = json.loads(to_json(report(check("a", P))))
    for name in ("who", "profile", "reproduce"):
        del data["run"][name]
    for one in data["checks"]:
        del one["page"]
    for one in data["waivers"]:
        del one["owner"], one["stacks"]
    data["schema_version"] = 1
    data["digest"] = reading.digest_of(data)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(data))
    found = reading.load(path)
    assert (found.schema_version, found.run.reproduce) == (2, "pytest suites/")
    assert found.digest == reading.digest(found)
    path.write_text(path.read_text().replace('"r1"', '"r2"'))
    with pytest.raises(reading.ReportError, match="changed after it was written"):
        reading.load(path)


def aged(base: Path, name: str, days: float, now: datetime) -> None:
    made = report(check("a", P))
    run = made.run.model_copy(update={"id": name, "started": now - timedelta(days=days)})
    (base / name).mkdir()
    (base / name / "report.json").write_text(to_json(seal(made.model_copy(update={"run": run}))))


def test_old_runs_go_by_the_rule(tmp_path: Path) -> None:
    now = datetime(2026, 6, 30, tzinfo=UTC)
    for number in range(prune.NEWEST):
        aged(tmp_path, f"new-{number}", number, now)
    for name, days in (("may-31", 30.5), ("may-29", 32), ("april-30", 61), ("april-2", 89), ("ancient", 800)):
        aged(tmp_path, name, days, now)
    (tmp_path / "stranger").mkdir()
    (tmp_path / "latest").symlink_to("april-2")
    found = [path.name for path in prune.spent(tmp_path, now.timestamp())]
    assert found == ["ancient", "may-29"]
    assert main(["prune", "--report-dir", str(tmp_path), "--dry-run"]) == 0
    assert (tmp_path / "ancient").is_dir()
    assert main(["prune", "--report-dir", str(tmp_path)]) == 0
    assert not (tmp_path / "ancient").exists()
    assert (tmp_path / "stranger").is_dir()
    assert (tmp_path / "april-2").is_dir()
