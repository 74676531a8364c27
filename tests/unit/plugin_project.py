"""A small project with suites of its own, run by the real plugins: what the tests of the plugins share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fixtures.plugin_report  # noqa: F401  (loaded once here, else anew for each project that is run in this process)

#: What judges, without the modules that bring a stack up.
PLUGINS = ["fixtures.plugin_options", "fixtures.evidence", "fixtures.plugin_collection", "fixtures.plugin_verdicts"]
ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = """
requirements:
- {id: ING-001, topic: ingestion, level: core, sentence: An accepted event is stored., where: Context}
- {id: ING-002, topic: ingestion, level: extended, sentence: A refused event is not stored., where: Context}
- {id: CAP-001, topic: capacity, level: core, sentence: It takes what it must., where: Context,
   unjudged: "needs the load tests, planned"}
"""
HEADER = """
import pytest
from fixtures.verdicts import not_applicable, not_run, unknown
pytestmark = pytest.mark.requirement("ING-001")
"""


class Project:
    """Writes checks, runs them, reads the report."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.suites = pytester.path / "suites"
        self.suites.mkdir()
        pytester.makeini(f"[pytest]\npythonpath = {ROOT}\naddopts = --import-mode=importlib --strict-markers\n")
        pytester.makeconftest(f"pytest_plugins = {PLUGINS!r}")
        pytester._monkeypatch.setenv("PYTHONPATH", str(ROOT))
        # Plugins of other packages (load test, kind) take longer to load than a whole small run.
        pytester._monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        self.requirements(REQUIREMENTS)
        self.waivers("waivers: []")

    def requirements(self, text: str) -> None:
        (self.suites / "requirements.yaml").write_text(text)

    def waivers(self, text: str) -> None:
        (self.suites / "waivers.yaml").write_text(text)

    def checks(self, body: str, name: str = "test_a.py", header: str = HEADER) -> None:
        (self.suites / name).write_text(header + body)

    def run(self, *options: str, subprocess: bool = False) -> pytest.RunResult:
        run = self.pytester.runpytest_subprocess if subprocess else self.pytester.runpytest_inprocess
        return run("suites", "-p", "no:cacheprovider", "-p", "xdist.plugin", *options)

    @property
    def folder(self) -> Path:
        return self.pytester.path / "reports" / "out"

    def report(self) -> dict[str, Any]:
        report = json.loads((self.folder / "latest" / "report.json").read_text())
        assert isinstance(report, dict)
        return report

    def verdicts(self) -> dict[str, str]:
        return {check["id"].partition("::")[2]: check["verdict"] for check in self.report()["checks"]}

    def requirement(self, name: str) -> str:
        return str(next(entry["verdict"] for entry in self.report()["requirements"] if entry["id"] == name))


def waiver(target: str, expires: str = "2099-01-01", stacks: str = "[embedded]") -> str:
    return (
        f"waivers:\n- target: {target}\n  reason: upstream cannot do it yet\n  upstream: example issue 12\n"
        f"  owner: platform team\n"
        f"  expires: {expires}\n  stacks: {stacks}\n"
    )
