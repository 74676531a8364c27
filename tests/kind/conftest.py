"""The lane of tests that need a kind cluster. Without a kept one they are not run, and the last lines say so."""

from __future__ import annotations

import pytest

from fixtures.kind import site
from fixtures.kind.site import ClusterSite

NOT_RUN = "no kind cluster is kept here; next: make kind-images, make kind-up"
LANE = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> ClusterSite:
    """The kept cluster with the platform on it."""
    found = site.load(site.KEPT)
    if found is None or not found.content:
        request.config.stash[LANE] = f"not run: {NOT_RUN}"
        pytest.skip(NOT_RUN)
    request.config.stash[LANE] = f"run on cluster {found.name}"
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say whether the lane was run: a green run without it proves nothing about kind."""
    if LANE in config.stash:
        terminalreporter.section("kind lane", sep="=")
        terminalreporter.line(config.stash[LANE])
