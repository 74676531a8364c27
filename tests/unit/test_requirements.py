"""Each core requirement has a check or a reason why not, and the files that suites are judged by are sound."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fixtures.errors import BadInput
from fixtures.requirements import Requirement, load_requirements
from fixtures.waivers import load_waivers
from reports.models import Level

SUITES = Path(__file__).resolve().parents[2] / "suites"


@pytest.fixture(scope="module")
def requirements() -> dict[str, Requirement]:
    return dict(load_requirements(SUITES / "requirements.yaml"))


def marked_in(source: str) -> set[str]:
    """The ids in ``requirement(...)`` marks of a source, read without importing it."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    marks = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "requirement")
    return {str(value.value) for mark in marks for value in mark.args if isinstance(value, ast.Constant)}


def proven() -> set[str]:
    return {name for path in SUITES.rglob("test_*.py") for name in marked_in(path.read_text(encoding="utf-8"))}


def gaps(known: dict[str, Requirement], marked: set[str]) -> dict[str, list[str]]:
    """What is wrong between requirements and checks."""
    core = [entry for entry in known.values() if entry.level is Level.CORE]
    return {
        "core requirement without check or reason": [e.id for e in core if e.id not in marked and not e.unjudged],
        "called unjudged though a check proves it": [e.id for e in known.values() if e.id in marked and e.unjudged],
        "mark that names no requirement": sorted(marked - set(known)),
        "reason that does not end with a plan": [
            e.id for e in known.values() if e.unjudged and not e.unjudged.endswith(", planned")
        ],
    }


def test_every_core_requirement_has_a_check_or_a_reason(requirements: dict[str, Requirement]) -> None:
    assert {fault: names for fault, names in gaps(requirements, proven()).items() if names} == {}


def test_the_gap_finder_finds_gaps() -> None:
    def entry(name: str, unjudged: str | None) -> Requirement:
        return Requirement(
            id=name, topic="ingestion", level=Level.CORE, sentence="A sentence.", where="Context", unjudged=unjudged
        )

    known = {
        e.id: e
        for e in (entry("ING-001", None), entry("ING-002", "needs kind, planned"), entry("ING-003", "no idea yet"))
    }
    marked = marked_in('pytestmark = pytest.mark.requirement("ING-002", "ING-009")')
    assert list(gaps(known, marked).values()) == [["ING-001"], ["ING-002"], ["ING-009"], ["ING-003"]]


def test_ids_follow_their_topics(requirements: dict[str, Requirement]) -> None:
    prefixes = {(entry.id.partition("-")[0], entry.topic) for entry in requirements.values()}
    assert prefixes == {
        ("ING", "ingestion"),
        ("PKI", "pki"),
        ("TLS", "tls"),
        ("OIDC", "oidc"),
        ("STO", "storage"),
        ("OPS", "operations"),
        ("BUD", "budget"),
        ("GIT", "gitops"),
        ("CAP", "capacity"),
        ("MAN", "manifests"),
    }


def test_the_figures_of_the_adr_stand_in_the_requirements(requirements: dict[str, Requirement]) -> None:
    said = " ".join(entry.sentence for entry in requirements.values())
    for figure in ("30 days", "2.7", "6.5 GiB", "92 Gi", "10,000 events a day", "12 CPU and 128 GB", "sentry-system"):
        assert figure in said


def test_the_waivers_of_this_project_are_sound(requirements: dict[str, Requirement]) -> None:
    for waiver in load_waivers(SUITES / "waivers.yaml", requirements):
        file, _, name = waiver.target.partition("::")
        if name:
            assert f"def {name.partition('[')[0]}(" in (SUITES.parent / file).read_text(encoding="utf-8")


def test_a_broken_file_names_place_and_fault(tmp_path: Path) -> None:
    path = tmp_path / "requirements.yaml"
    path.write_text("requirements:\n- {id: ING-001, level: soft}\n")
    with pytest.raises(BadInput, match=r"requirements\.0\.\w+: .*\(and 3 more\).*requirements\.yaml") as raised:
        load_requirements(path)
    assert raised.value.exit_code == 4
