"""What a check must carry, what options and files must be: each fault is one sentence and exit code 4."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests.unit.plugin_project import HEADER, ROOT, Project

pytest_plugins = ["pytester"]
BARE = "import pytest\n"


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    project = Project(pytester)
    project.checks('\ndef test_passes():\n    "It holds."\n')
    return project


def refused(result: pytest.RunResult, sentence: str) -> None:
    assert result.ret == 4
    errors = [line for line in result.errlines + result.outlines if line.startswith("ERROR: ")]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize(
    ("header", "body", "sentence"),
    [
        (BARE, 'def test_x():\n    "It holds."\n', "names no requirement"),
        (BARE, '@pytest.mark.requirement("ING-999")\ndef test_x():\n    "It holds."\n', "names ING-999, which"),
        (HEADER, "def test_x():\n    pass\n", "has no docstring"),
        (HEADER, '@pytest.mark.alone\ndef test_x():\n    "It holds."\n', "does not say why"),
        (HEADER, '@pytest.mark.xfail\ndef test_x():\n    "It holds."\n', "write a waiver"),
    ],
)
def test_a_check_that_breaks_a_rule_ends_collection(project: Project, header: str, body: str, sentence: str) -> None:
    project.checks(body, "test_b.py", header)
    refused(project.run(), sentence)


def test_several_faults_are_counted(project: Project) -> None:
    project.checks("def test_x():\n    pass\ndef test_y():\n    pass\n", "test_b.py")
    refused(project.run(), "(and 1 more like it)")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--stack=docker"], "--stack=docker is unknown: use one of embedded, kind, existing"),
        (["--stack=existing"], "needs --target=FILE"),
        (["--target=x.yaml"], "add --stack=existing"),
        (["--stack=existing", "--target=nothing.yaml"], "is no file"),
        (["--allow-changes"], "is about an existing platform"),
        (["--images=mine"], "--images=mine is unknown: use one of built, registry"),
        (["--crds=nowhere"], "--crds=nowhere is no folder"),
        (["--run-id=../escape"], "is no plain name"),
        (["--run-id=latest"], "is no plain name"),
        (["--waivers=nothing.yaml"], "waivers file cannot be read"),
        (["--report-dir=suites/test_a.py"], "report folder cannot be written"),
        (["-n", "2", "--dist=load"], "--dist=load would run checks marked alone beside others"),
    ],
)
def test_bad_options_are_refused(project: Project, options: list[str], sentence: str) -> None:
    refused(project.run(*options), sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("requirements: [", "is no YAML at line"),
        ("requirements: []", "requirements: List should have at least 1 item"),
        ("just words", "the requirements file is wrong"),
        ("requirements:\n- {id: ING-1}\n", "requirements.0.id"),
        (
            "requirements:\n"
            + 2 * "- {id: ING-001, topic: ingestion, level: core, sentence: It is stored once., where: Context}\n",
            "gives ING-001 twice",
        ),
    ],
)
def test_a_broken_requirements_file_is_refused(project: Project, text: str, sentence: str) -> None:
    project.requirements(text)
    refused(project.run(), sentence)


def test_a_missing_requirements_file_is_refused(project: Project) -> None:
    (project.suites / "requirements.yaml").unlink()
    refused(project.run(), "requirements file cannot be read")


def test_the_example_of_the_documentation_is_a_check(project: Project) -> None:
    page = (ROOT / "docs" / "writing-a-check.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.S)
    project.requirements((ROOT / "suites" / "requirements.yaml").read_text())
    project.checks(textwrap.dedent(example), "test_example.py", header="")
    result = project.run("--collect-only", "-q")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["suites/test_example.py::test_relay_tells_its_health?live?"])


def test_a_run_id_is_used_once(project: Project) -> None:
    assert project.run("--run-id=first").ret == 0
    assert (project.folder / "first" / "report.json").is_file()
    refused(project.run("--run-id=first"), "exists already")


def test_collecting_only_writes_no_report(project: Project) -> None:
    assert project.run("--collect-only").ret == 0
    assert not project.folder.exists()
