"""A night without a stack: the steps in order, what came of each, the records together, the history longer by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures import nightly
from fixtures.errors import SetupFailed
from fixtures.nightly import main
from reports import history
from reports.build import seal, to_json
from reports.models import Report, Verdict
from tests.unit.report_sample import check, report
from tests.unit.reports.samples import load_run


class Commands:
    """Stands for the commands of a night: notes them, and writes what they would."""

    def __init__(self, made: Report, **codes: int) -> None:
        self.made, self.codes, self.seen = made, codes, list[list[str]]()

    def __call__(self, command: Sequence[str]) -> int:
        given = [part for option in command for part in option.split("=", 1)]
        self.seen.append(given[1:])
        step = next((word for word in ("pytest", "fixtures.load.capacity", "up", "down") if word in given), "load")
        code = self.codes.get(step.rpartition(".")[2], 0)
        if "--run-id" in given and code != nightly.INTERRUPTED:
            folder = Path(given[given.index("--report-dir") + 1]) / given[given.index("--run-id") + 1]
            folder.mkdir(parents=True)
            if step == "pytest" and code != 3:
                run = self.made.run.model_copy(update={"id": folder.name, "exit_code": code})
                (folder / "report.json").write_text(to_json(seal(self.made.model_copy(update={"run": run}))))
            if step == "load":
                (folder / "load.json").write_text(load_run().model_dump_json())
        if code == nightly.INTERRUPTED:
            raise KeyboardInterrupt
        return code


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    broken: list[Exception] = []

    @contextmanager
    def loaded(plan: nightly.Plan, joined: Sequence[str]) -> Iterator[list[str]]:
        for error in broken:
            raise error
        yield ["--join=own"] if plan.stack == "embedded" else list(joined)

    monkeypatch.setattr(nightly, "_loaded", loaded)
    return broken.append


def night(tmp_path: Path, commands: Commands, *options: str, run: str = "n1") -> int:
    return main([f"--report-dir={tmp_path}", f"--run-id={run}", *options], commands)


def runs(tmp_path: Path) -> list[str]:
    return [entry.run for entry in history.read(tmp_path / "history.jsonl").entries]


def test_a_good_night_ends_with_one_folder_and_a_line_of_history(tmp_path: Path) -> None:
    commands = Commands(report(check("a", Verdict.PASS)))
    assert night(tmp_path, commands) == 0
    assert [command[:3] for command in commands.seen] == [
        ["-m", "pytest", "suites/"],
        ["-f", "loadtests/", "--headless"],
        ["-m", "fixtures.load.capacity", "--join"],
    ]
    made = {path.name for path in (tmp_path / "n1").iterdir()}
    assert made >= {"report.json", "report.html", "load.json", "junit.xml", "ctrf.json", "summary.md"}
    assert "diff.md" not in made, "there was no night before"
    assert "20 events/s offered" in (tmp_path / "n1" / "report.html").read_text()
    (entry,) = history.read(tmp_path / "history.jsonl").entries
    assert entry.load is not None
    assert (tmp_path / "trend.html").is_file()


def test_the_next_night_tells_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert night(tmp_path, Commands(report(check("a", Verdict.PASS))), run="n1") == 0
    worse = Commands(report(check("a", Verdict.FAIL, reason="seen"), exit_code=1), pytest=1, capacity=6)
    assert night(tmp_path, worse, run="n2") == 1
    assert len(worse.seen) == 3, "what is left is done all the same"
    assert "Something got worse from n1 to n2: 1 new failures." in capsys.readouterr().out
    assert "#### New failures (1)" in (tmp_path / "n2" / "diff.md").read_text()
    assert runs(tmp_path) == ["n1", "n2"]


def test_a_stack_that_does_not_come_up_leaves_the_rest_of_the_night(
    tmp_path: Path, stack: Callable[[Exception], None], capsys: pytest.CaptureFixture[str]
) -> None:
    stack(SetupFailed("relay did not start"))
    assert night(tmp_path, Commands(report(check("a", Verdict.PASS)))) == 3
    assert "relay did not start" in capsys.readouterr().err
    assert runs(tmp_path) == ["n1"]


def test_a_night_without_a_report_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert night(tmp_path, Commands(report(), pytest=3), "--without", "load", "capacity") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no report at" in line
    assert not (tmp_path / "history.jsonl").exists()


def test_ctrl_c_still_reports_what_was_judged(tmp_path: Path) -> None:
    assert night(tmp_path, Commands(report(check("a", Verdict.PASS)), load=nightly.INTERRUPTED)) == 130
    assert runs(tmp_path) == ["n1"]


def test_a_kind_cluster_is_made_once_and_removed(tmp_path: Path) -> None:
    commands = Commands(report(check("a", Verdict.PASS)), load=nightly.INTERRUPTED)
    assert night(tmp_path, commands, "--stack=kind") == 130
    steps = [command[2] if "fixtures.kind" in command else command[1] for command in commands.seen]
    assert steps == ["up", "pytest", "loadtests/", "down"]
    assert all("sentry-nightly" in command for command in commands.seen)


def test_a_platform_of_ones_own_is_only_looked_at_unless_told(tmp_path: Path) -> None:
    commands = Commands(report(check("a", Verdict.PASS)))
    assert night(tmp_path, commands, "--stack=existing", "--target=t.yaml") == 0
    (only,) = commands.seen
    assert "--allow-changes" not in only
    assert main(["--stack=existing"], commands) == 4
    loaded = Commands(report(check("a", Verdict.PASS)))
    assert night(tmp_path, loaded, "--stack=existing", "--target=t.yaml", "--allow-changes", run="n2") == 0
    assert len(loaded.seen) == 3
