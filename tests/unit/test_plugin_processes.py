"""Several workers, an interrupt, a dead worker, and a secret that must be in no file of the run."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.waiting import Reached, wait_for
from tests.unit.plugin_project import ROOT, Project

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


def test_workers_bring_the_same_report(project: Project) -> None:
    project.checks(
        """
from fixtures.run_folder import stack_facts
from fixtures.stack import Component, Provenance

@pytest.fixture(scope="session", autouse=True)
def stack(request):
    parts = [Component(name="kafka", version="4.4", provenance=Provenance.REAL)]
    stack_facts(request.config, kind="embedded", components=parts)

@pytest.mark.parametrize("n", range(4))
def test_many(n, record):
    "It holds."
    record.figure("n", n, "")
    record.evidence("seen", {"n": n})

@pytest.mark.alone(reason="it stops a server")
def test_alone():
    "It holds."
    assert not list(__import__("pathlib").Path(".").glob("busy-*"))

def test_fails():
    "It holds."
    assert 1 == 2

def test_unknown():
    "It holds."
    unknown("nothing was read")
"""
    )
    result = project.run("-n", "2", "--junitxml=junit.xml", subprocess=True)
    assert result.ret == 1
    found = project.verdicts()
    assert found == {f"test_many[{n}]": "pass" for n in range(4)} | {
        "test_alone": "pass",
        "test_fails": "fail",
        "test_unknown": "unknown",
    }
    report = project.report()
    assert sorted(figure["value"] for figure in report["figures"]) == [0, 1, 2, 3]
    assert report["stack"]["components"][0]["name"] == "kafka"
    assert 'value="unknown"' in (project.pytester.path / "junit.xml").read_text()
    assert sorted(entry.name for entry in (project.folder / "latest").iterdir()) == [
        "ctrf.json",
        "evidence",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]


def test_a_fault_found_by_workers_is_one_sentence_too(project: Project) -> None:
    project.checks("def test_x():\n    pass\n")
    result = project.run("-n", "2", subprocess=True)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: suites/test_a.py::test_x has no docstring*"])
    assert not project.folder.exists() or not any(project.folder.iterdir())


def test_a_dead_worker_leaves_its_check_unknown(project: Project) -> None:
    project.checks(
        """
def test_dies():
    "It holds."
    __import__("os")._exit(3)

def test_lives():
    "It holds."
"""
    )
    assert project.run("-n", "1", subprocess=True).ret == 6
    assert project.verdicts() == {"test_dies": "unknown", "test_lives": "not-run"}


@pytest.mark.parametrize(
    ("sign", "finished", "code"), [(signal.SIGINT, True, 2), (signal.SIGKILL, False, None)], ids=["ctrl-c", "kill"]
)
def test_an_ended_run_says_how_far_it_came(project: Project, sign: int, finished: bool, code: int | None) -> None:
    project.checks(
        """
import threading
def test_first():
    "It holds."

def test_waits():
    "It holds."
    open("reached", "w").close()
    threading.Event().wait(60)

def test_never():
    "It holds."
"""
    )
    reached = project.pytester.path / "reached"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "suites", "-p", "xdist.plugin"],
        cwd=project.pytester.path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell's background job (CI among them) hands down that Ctrl-C is ignored; here it must arrive.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        wait_for("the waiting check", lambda: Reached(None) if reached.exists() else "not there", timeout=30)
        process.send_signal(sign)
        process.wait(30)
    finally:
        process.kill()
        process.wait(10)
    run = project.report()["run"]
    assert (run["finished"], run["exit_code"]) == (finished, code)
    assert project.verdicts() == {
        "test_first": "pass" if finished else "not-run",
        "test_waits": "not-run",
        "test_never": "not-run",
    }


SECRET = "Xq7-seeded-secret-value"


def test_no_file_of_a_run_holds_a_secret(project: Project) -> None:
    project.checks(
        """
from fixtures.redaction import secret
VALUE = secret("-".join(["Xq7", "seeded", "secret", "value"]))
PEM = "-----BEGIN " + "PRIVATE KEY-----\\nMIIsecretkeybody\\n-----END " + "PRIVATE KEY-----"

def test_tells(record):
    "It holds."
    print("printed", VALUE)
    record.figure("answer " + VALUE, VALUE, "text")
    record.grid(VALUE, [VALUE], [[VALUE]])
    record.timeline("ab" * 16, [(VALUE, 0.1)])
    record.evidence(VALUE, {"deep": [{"er": VALUE}], "password": "opensesame"})
    record.evidence("log", "Authorization: Bearer " + VALUE + " and " + PEM)
    assert VALUE == "other"

@pytest.mark.parametrize("given", [1])
def test_shows_unknown(given):
    "It holds."
    unknown("the answer was " + VALUE)

@pytest.fixture
def broken():
    raise OSError(VALUE)

def test_breaks_early(broken):
    "It holds."
"""
    )
    result = project.run("--junitxml=reports/out/junit.xml", "--run-id=r")
    assert result.ret == 1
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    for needle in (SECRET, base64.b64encode(SECRET.encode()).decode()[:-2], "MIIsecretkeybody", "opensesame"):
        assert [str(path) for path in files if needle in path.read_text() + str(path)] == []
    assert SECRET not in result.stdout.str()
    assert json.loads((project.folder / "r" / "report.json").read_text())["figures"][0]["value"] == "[redacted]"


def test_alone_waits_for_the_others(project: Project) -> None:
    project.checks(
        """
import time
from pathlib import Path

def busy(name):
    mark = Path(f"busy-{name}")
    mark.touch()
    threading.Event().wait(0.2)
    mark.unlink()

import threading

@pytest.mark.parametrize("n", range(6))
def test_shared(n):
    "It holds."
    busy(n)

@pytest.mark.parametrize("n", range(2))
@pytest.mark.alone(reason="it stops a server")
def test_alone(n):
    "It holds."
    for _ in range(4):
        assert not list(Path(".").glob("busy-*"))
        threading.Event().wait(0.05)
"""
    )
    assert project.run("-n", "2", subprocess=True).ret == 0


def test_latest_is_left_alone_where_it_is_no_link(project: Project) -> None:
    project.checks('def test_x():\n    "It holds."\n')
    mine: Path = project.folder / "latest"
    mine.mkdir(parents=True)
    assert project.run("--run-id=r").ret == 0
    assert mine.is_dir()
    assert not mine.is_symlink()
