"""The workflows lint clean, and name actions of others by commit. Without the linter that test says how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fixtures import workflows

PINNED = "      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n"


def linter() -> Path:
    found = workflows.find()
    if found is None:
        pytest.skip("actionlint is not installed; next: python -m fixtures.workflows")
    return found


def test_workflows_lint_clean() -> None:
    assert workflows.findings(linter()) == []


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    steps = "    steps:\n      - uses: actions/checkout@v7\n      - run: echo ${{ github.nothing }}\n"
    (tmp_path / "a.yml").write_text(f"on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n{steps}")
    told = workflows.findings(linter(), tmp_path)
    assert any('property "nothing" is not defined' in line for line in told)
    assert any("is to be named by its commit" in line for line in told)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (PINNED, 0),
        (PINNED.replace(" # v7.0.1", ""), 1),
        ("      uses: actions/cache@v5\n", 1),
        ("      uses: actions/cache@main # v5\n", 1),
        ("      - uses: ./.github/actions/own\n", 0),
    ],
)
def test_actions_are_named_by_commit_and_version(line: str, faults: int) -> None:
    assert len(list(workflows.unpinned(line, "a.yml"))) == faults


@pytest.mark.parametrize("path", sorted(workflows.WORKFLOWS.glob("*.yml")), ids=lambda path: path.stem)
def test_pins_hold_without_a_linter_too(path: Path) -> None:
    text = path.read_text()
    assert list(workflows.unpinned(text, path.name)) == []
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}, "nothing more than a job needs"
