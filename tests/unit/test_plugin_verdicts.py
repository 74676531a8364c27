"""Each verdict, the exit code of a run, and what JUnit and the terminal say of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.unit.plugin_project import Project

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


PASSES = '\ndef test_passes():\n    "It holds."\n'
FAILS = '\ndef test_fails():\n    "It holds."\n    assert 1 == 2\n'
UNKNOWN = '\ndef test_unknown():\n    "It holds."\n    unknown("nothing was read")\n'
NOT_APPLICABLE = '\ndef test_na():\n    "It holds."\n    not_applicable("this stack has no such thing")\n'
SKIPS = '\ndef test_skips():\n    "It holds."\n    pytest.skip("no mood")\n'


@pytest.mark.parametrize(
    ("body", "verdict", "code"),
    [
        (PASSES, "pass", 0),
        (FAILS, "fail", 1),
        (UNKNOWN, "unknown", 6),
        (NOT_APPLICABLE, "not-applicable", 5),
        (SKIPS, "not-run", 6),
    ],
)
def test_one_verdict_decides_check_requirement_and_exit_code(
    project: Project, body: str, verdict: str, code: int
) -> None:
    project.checks(body)
    result = project.run()
    assert result.ret == code
    assert list(project.verdicts().values()) == [verdict]
    assert project.requirement("ING-001") == verdict
    assert project.report()["run"]["exit_code"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (PASSES + NOT_APPLICABLE, 0),
        (PASSES + UNKNOWN, 6),
        (PASSES + UNKNOWN + FAILS, 1),
        (PASSES + SKIPS, 6),
    ],
)
def test_the_worst_verdict_decides_the_exit_code(project: Project, body: str, code: int) -> None:
    project.checks(body)
    assert project.run().ret == code


def test_a_broken_set_up_is_unknown_and_a_broken_tear_down_fails(project: Project) -> None:
    project.checks(
        """
@pytest.fixture
def early():
    raise OSError("no disk")

@pytest.fixture
def late():
    yield
    raise OSError("still open")

def test_early(early):
    "It holds."

def test_late(late):
    "It holds."
"""
    )
    assert project.run().ret == 1
    assert project.verdicts() == {"test_early": "unknown", "test_late": "fail"}
    reasons = [check["reason"] for check in project.report()["checks"]]
    assert reasons == ["its set-up failed: OSError: no disk", "its tear-down failed: OSError: still open"]


def test_the_summary_puts_failures_first_and_says_what_was_not_judged(project: Project) -> None:
    project.checks(PASSES + NOT_APPLICABLE + UNKNOWN + FAILS)
    result = project.run()
    result.stdout.fnmatch_lines(
        [
            "stack: embedded",
            "*The platform does not conform: 1 of 2 judged checks failed on the embedded stack.",
            "requirements: 1 fail; 2 not judged in this run",
            "checks: *1 fail, 1 unknown, 1 pass, 1 not-applicable in*",
            "*FAIL *test_fails*ING-001*",
            "*assert 1 == 2",
            "*UNKNOWN *test_unknown*",
            "*nothing was read",
            "*NOT-APPLICABLE*",
            "*this stack has no such thing",
            "  CAP-001: needs the load tests, planned",
            "components: *none, no check of this run looked at a stack",
            "report: *report.json*",
        ]
    )


def test_long_lists_are_capped_and_say_so(project: Project) -> None:
    project.checks('\n@pytest.mark.parametrize("n", range(25))\ndef test_many(n):\n    "It holds."\n    assert n < 0\n')
    result = project.run("--tb=no")
    result.stdout.fnmatch_lines(["Failed or unknown (25):", "*... and 15 more, see the report"])


def test_junit_tells_verdicts_and_requirements(project: Project) -> None:
    project.checks(PASSES + FAILS + UNKNOWN + NOT_APPLICABLE)
    project.run("--junitxml=junit.xml")
    cases = {case.get("name"): case for case in ET.parse(project.pytester.path / "junit.xml").iter("testcase")}
    verdicts = {
        name: [entry.get("value") for entry in case.iter("property") if entry.get("name") == "verdict"]
        for name, case in cases.items()
    }
    assert verdicts == {
        "test_passes": ["pass"],
        "test_fails": ["fail"],
        "test_unknown": ["unknown"],
        "test_na": ["not-applicable"],
    }
    failure = cases["test_unknown"].find("failure")
    assert failure is not None
    assert failure.get("type") == "unknown"
    assert "nothing was read" in str(failure.get("message"))
    assert cases["test_na"].find("skipped") is not None


def test_a_check_without_reason_for_its_verdict_is_an_error(project: Project) -> None:
    project.checks('\ndef test_silent():\n    "It holds."\n    not_applicable(" ")\n')
    assert project.run().ret == 1


def test_deselected_checks_leave_their_requirement_unproven(project: Project) -> None:
    project.checks(PASSES + FAILS)
    assert project.run("-k", "passes").ret == 0
    assert project.verdicts() == {"test_passes": "pass", "test_fails": "not-run"}
    assert project.requirement("ING-001") == "not-run"
    assert project.report()["run"]["deselected"] == 1


def test_what_a_check_records_reaches_the_report(project: Project) -> None:
    project.checks(
        """
def test_records(record):
    "It holds."
    record.figure("accepted to row", 0.25, "s")
    record.timeline("ab" * 16, [("relay", 0.01), ("row", 0.25)])
    record.grid("topics", ["topic", "lag"], [["events", 0]])
    record.grid("large", ["n"], [["x" * 100] for _ in range(1000)])
    record.evidence("answer", {"status": 200})
"""
    )
    assert project.run().ret == 0
    report = project.report()
    check = "suites/test_a.py::test_records"
    assert report["figures"] == [{"check": check, "name": "accepted to row", "value": 0.25, "unit": "s"}]
    assert [hop["name"] for hop in report["timelines"][0]["hops"]] == ["relay", "row"]
    assert report["grids"][0]["rows"] == [["events", 0]]
    assert report["grids"][1]["rows"] == []
    kept = {entry["name"]: project.folder / "latest" / entry["path"] for entry in report["checks"][0]["evidence"]}
    assert '"status": 200' in kept["answer"].read_text()
    assert kept["grid-large"].stat().st_size > 100_000


def test_a_failure_keeps_its_own_evidence(project: Project) -> None:
    project.checks('\ndef test_fails():\n    "It holds."\n    print("a trace of it")\n    assert 1 == 2\n')
    project.run()
    (entry,) = project.report()["checks"][0]["evidence"]
    text = (project.folder / "latest" / entry["path"]).read_text()
    assert "assert 1 == 2" in text
    assert "a trace of it" in text


def test_stack_facts_reach_the_report(project: Project) -> None:
    project.checks(
        """
from fixtures.run_folder import listener_facts, stack_facts
from fixtures.stack import Component, Link, LinkPolicy, Provenance, Usage

@pytest.fixture(scope="session")
def stack(request):
    parts = [Component(name="snuba", version="1", provenance=Provenance.STAND_IN, note="ours")]
    links = [Link(client="relay", server="kafka", protocol="kafka", policy=LinkPolicy.MTLS)]
    stack_facts(request.config, kind="embedded", components=parts, links=links)
    yield
    used = [Usage(component="snuba", cpu_seconds=1.5, memory_bytes=2048, processes=1)]
    stack_facts(request.config, kind="embedded", components=parts, links=links, usage=used)

def test_it(stack, pytestconfig):
    "It holds."
    seen = {"name": "kafka", "component": "kafka", "port": 9093, "protocol": "kafka", "policy": "mtls", "seen": "tls"}
    listener_facts(pytestconfig, [seen])
"""
    )
    assert project.run().ret == 0
    facts = project.report()["stack"]
    assert facts["listeners"][0]["seen"] == "tls", "what is told afterwards leaves it"
    snuba = {"name": "snuba", "version": "1", "provenance": "stand-in", "note": "ours"}
    snuba |= {"managed_by": "", "digest": ""}
    assert facts["components"] == [snuba]
    assert facts["links"][0]["policy"] == "mtls"
    assert facts["usage"][0]["memory_bytes"] == 2048


def test_a_run_that_was_ended_says_by_what(project: Project) -> None:
    project.checks('\ndef test_x():\n    "It holds."\n    pytest.exit("no stack to judge: no disk", returncode=3)\n')
    result = project.run()
    assert result.ret == 3
    assert project.report()["run"]["ended_by"] == "no stack to judge: no disk"
    result.stdout.fnmatch_lines(["*0 of 1 checks were judged*It was ended by: no stack to judge: no disk"])


def test_tests_outside_suites_are_left_alone(project: Project) -> None:
    tests = project.pytester.mkdir("tests")
    (tests / "test_b.py").write_text("def test_plain():\n    pass\n")
    result = project.pytester.runpytest_inprocess("tests", "-p", "xdist.plugin")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*conformance*")
    assert not (project.pytester.path / "reports").exists()


def test_a_failing_test_outside_suites_still_fails_a_mixed_run(project: Project) -> None:
    project.checks(PASSES)
    tests = project.pytester.mkdir("tests")
    (tests / "test_b.py").write_text("def test_plain():\n    assert False\n")
    assert project.run("tests").ret == 1


def test_what_a_run_leaves_out_is_told_and_is_no_failure(project: Project) -> None:
    left_out = '\ndef test_left_out():\n    "It holds."\n    not_run("operator image not available")\n'
    project.checks(PASSES + left_out)
    result = project.run()
    assert result.ret == 0
    assert project.verdicts() == {"test_passes": "pass", "test_left_out": "not-run"}
    (check,) = (entry for entry in project.report()["checks"] if entry["verdict"] == "not-run")
    assert (check["left_out"], check["reason"]) == (True, "operator image not available")
    result.stdout.fnmatch_lines(["*All 1 judged checks hold on the embedded stack; 1 were left out*"])


def test_a_run_that_leaves_everything_out_judged_nothing(project: Project) -> None:
    project.checks('\ndef test_left_out():\n    "It holds."\n    not_run("no definitions were given")\n')
    assert project.run().ret == 5
