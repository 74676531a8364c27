"""What checks of manifests are given: both overlays, rendered once, and the way to judge them. No stack is needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fixtures.evidence import Recorder
from fixtures.kind import crds
from fixtures.lint import loading
from fixtures.lint.model import Rendered, Rule
from suites.manifests.judging import Judge, judge_by, not_to_be_had
from suites.manifests.subject import CHART, CRDS, rendered


@pytest.fixture(params=loading.OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Rendered:
    """Each overlay in turn."""
    return rendered(request.param)


@pytest.fixture
def operators() -> Rendered:
    """The overlay in which every store has its operator and Sentry comes from its chart."""
    return rendered(loading.CHART_OVERLAY)


@pytest.fixture
def both() -> tuple[Rendered, ...]:
    """Both overlays at once."""
    return tuple(rendered(name) for name in loading.OVERLAYS)


@pytest.fixture
def judge(record: Recorder) -> Judge:
    """Judges an overlay by a rule and keeps what was found for the report."""

    def run(rule: Rule, subject: Rendered) -> None:
        __tracebackhide__ = True
        judge_by(rule, subject, record)

    return run


@pytest.fixture(scope="session")
def given_definitions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The definitions of the folder that a person named with --crds or the variable, as schemas; None without one."""
    named = request.config.getoption("--crds", default=None) or os.environ.get(CRDS)
    if not named:
        return None
    target = tmp_path_factory.mktemp("crds")
    crds.of_folder(Path(named), target)
    return target


@pytest.fixture
def chart(request: pytest.FixtureRequest) -> Path:
    """The folder of Sentry's chart, which a person named with --chart or the variable."""
    named = request.config.getoption("--chart", default=None) or os.environ.get(CHART)
    if not named:
        not_to_be_had(f"Sentry's chart is on no package registry; next: give its folder with --chart or {CHART}")
    return Path(named)
