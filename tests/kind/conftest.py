"""The lane of tests that need a kind cluster. Without a kept one they are not run, and the last lines say so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from fixtures.clients.kube import Kube, connect
from fixtures.clients.kube_errors import Unreachable
from fixtures.kind import site
from fixtures.kind.site import ClusterSite

NOT_RUN = "no kind cluster is kept here; next: make kind-images, make kind-up"
LANE = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> ClusterSite:
    """The kept cluster with the platform on it."""
    found = site.load(site.KEPT)
    lacking = _lacking(found)
    if lacking or found is None:
        request.config.stash[LANE] = f"not run: {lacking}"
        pytest.skip(lacking)
    request.config.stash[LANE] = f"run on cluster {found.name}"
    return found


@pytest.fixture
def admin(kept: ClusterSite) -> Iterator[Kube]:
    """The cluster as its administrator."""
    with contextlib.closing(connect(kept.kubeconfig)) as kube:
        yield kube


def _lacking(found: ClusterSite | None) -> str:
    """Why the lane cannot be run; a record outlives a cluster whose engine was ended, or whose machine was."""
    if found is None or not found.content:
        return NOT_RUN
    try:
        connect(found.kubeconfig).close()
    except Unreachable:
        return f"the kept cluster {found.name} does not answer; next: start the Docker engine, then make kind-up"
    return ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say whether the lane was run: a green run without it proves nothing about kind."""
    if LANE in config.stash:
        terminalreporter.section("kind lane", sep="=")
        terminalreporter.line(config.stash[LANE])
