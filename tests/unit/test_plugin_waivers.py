"""Waivers are strict both ways: a needless or an expired one fails the run with exit code 7."""

from __future__ import annotations

import pytest

from tests.unit.plugin_project import Project, waiver

pytest_plugins = ["pytester"]
FAILS = '\ndef test_limit():\n    "It holds."\n    assert 1 == 2\n'
PASSES = '\ndef test_limit():\n    "It holds."\n'
CHECK = "suites/test_a.py::test_limit"


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


@pytest.mark.parametrize("target", [CHECK, "ING-001"])
def test_a_failure_can_be_waived_by_check_or_requirement(project: Project, target: str) -> None:
    project.checks(FAILS)
    project.waivers(waiver(target))
    assert project.run().ret == 0
    assert project.verdicts() == {"test_limit": "waived"}
    assert project.requirement("ING-001") == "waived"
    (used,) = project.report()["waivers"]
    assert used["used_by"] == [CHECK]
    assert "example issue 12" in project.report()["checks"][0]["reason"]


@pytest.mark.parametrize("target", [CHECK, "ING-001"])
def test_a_waived_check_that_passes_fails_the_run(project: Project, target: str) -> None:
    project.checks(PASSES)
    project.waivers(waiver(target))
    result = project.run()
    assert result.ret == 7
    result.stdout.fnmatch_lines([f"*{target} passes though it is waived: remove the waiver"])


def test_a_waived_requirement_needs_only_one_failing_check(project: Project) -> None:
    project.checks(FAILS + '\ndef test_other():\n    "It holds."\n')
    project.waivers(waiver("ING-001"))
    assert project.run().ret == 0


def test_an_expired_waiver_fails_the_run_and_waives_nothing(project: Project) -> None:
    project.checks(FAILS + '\ndef test_other():\n    "It holds."\n')
    project.waivers(waiver(CHECK, expires="2020-01-31"))
    assert project.run().ret == 1
    assert project.run("-k", "other").ret == 7
    assert "expired on 2020-01-31" in project.report()["waivers"][0]["problem"]


def test_a_waiver_of_another_stack_is_not_applied(project: Project) -> None:
    project.checks(FAILS)
    project.waivers(waiver(CHECK, stacks="[kind]"))
    assert project.run().ret == 1


def test_unknown_is_never_waived(project: Project) -> None:
    project.checks('\ndef test_limit():\n    "It holds."\n    unknown("nothing was read")\n')
    project.waivers(waiver(CHECK))
    assert project.run().ret == 6


def test_a_waiver_that_names_no_check_of_its_file_fails_the_run(project: Project) -> None:
    project.checks(PASSES)
    project.waivers(waiver("suites/test_a.py::test_gone"))
    assert project.run().ret == 7
    assert "names no check" in project.report()["waivers"][0]["problem"]


def test_a_waiver_of_a_deselected_check_is_no_problem(project: Project) -> None:
    project.checks(FAILS + '\ndef test_other():\n    "It holds."\n')
    project.waivers(waiver(CHECK))
    assert project.run("-k", "other").ret == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (waiver("ING-999"), "neither a check nor a requirement"),
        (waiver("ING-001", expires="soon"), "waivers.0.expires"),
        (waiver("ING-001", stacks="[docker]"), "waivers.0.stacks.0"),
        ("waivers: {", "is no YAML"),
    ],
)
def test_a_broken_waivers_file_is_refused(project: Project, text: str, sentence: str) -> None:
    project.checks(PASSES)
    project.waivers(text)
    result = project.run()
    assert result.ret == 4
    (error,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert sentence in error


NEVER = """requirements:
- {id: ING-001, topic: ingestion, level: core, sentence: It is stored., where: Context, waivable: false}
"""


@pytest.mark.parametrize("target", [CHECK, "ING-001"])
def test_what_is_never_waivable_is_refused(project: Project, target: str) -> None:
    project.requirements(NEVER)
    project.checks(FAILS)
    project.waivers(waiver(target))
    result = project.run()
    assert result.ret == 4
    (error,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert f"{target} cannot be waived: ING-001 is never waivable" in error


def test_only_core_requirements_are_never_waivable(project: Project) -> None:
    project.requirements(NEVER.replace("core", "extended"))
    project.checks(FAILS)
    result = project.run()
    assert result.ret == 4
    assert "never waivable, but not core" in result.stderr.str()


@pytest.mark.parametrize("reason", ["TODO write it", "tbd, see above", "because", "n/a n/a n/a"])
def test_a_placeholder_is_no_reason(project: Project, reason: str) -> None:
    project.checks(FAILS)
    project.waivers(waiver(CHECK).replace("upstream cannot do it yet", reason))
    result = project.run()
    assert result.ret == 4
