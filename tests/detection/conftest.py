"""Chooses the faults of a session, hands out the one stack that they are tried on, and prints the score."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.embedded import start
from tests.detection import score
from tests.detection.fault import Fault
from tests.detection.faults import FAULTS
from tests.detection.judging import Result
from tests.detection.workshop import Workshop

RESULTS = pytest.StashKey[list[Result]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of ``pytest tests/detection``; a run of all of ``tests/`` has none of them and takes the spread."""
    group = parser.getgroup("detection", "seeded faults")
    group.addoption("--all-faults", action="store_true", help="try the whole catalogue (default: a quick spread)")
    group.addoption("--fault", action="append", metavar="ID", help="try this fault (may be given again)")
    group.addoption("--resume", action="store_true", help="leave out what this commit was already seen to catch")


def chosen(config: pytest.Config) -> list[Fault]:
    """The faults to try. :raises pytest.UsageError: an unknown one was asked for."""
    wanted = config.getoption("--fault", default=None)
    unknown = set(wanted or ()) - {fault.id for fault in FAULTS}
    if unknown:
        raise pytest.UsageError(f"--fault={min(unknown)} is unknown: see tests/detection/faults/")
    if wanted:
        return [fault for fault in FAULTS if fault.id in wanted]
    if config.getoption("--all-faults", default=False):
        return list(FAULTS)
    return [fault for fault in FAULTS if fault.quick]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a fault."""
    if "fault" in metafunc.fixturenames:
        metafunc.parametrize("fault", chosen(metafunc.config), ids=lambda fault: fault.id)


@pytest.fixture(scope="session")
def workshop(request: pytest.FixtureRequest) -> Iterator[Workshop]:
    """The stack that is broken and healed: an own one, or with ``--join`` one that runs already."""
    joined = request.config.getoption("--join")
    if joined is not None:
        yield Workshop(start.find(joined))
        return
    own = start.start(kept=False)
    try:
        yield Workshop(own.root)
    finally:
        start.end(own)


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> list[Result]:
    """What came of each fault; with ``--resume`` the session begins with what was caught before."""
    resumed = request.config.getoption("--resume", default=False)
    found = list(score.earlier(request.config.rootpath / score.FILE)) if resumed else []
    return request.config.stash.setdefault(RESULTS, found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the score."""
    found = config.stash.get(RESULTS, [])
    if found:
        terminalreporter.section("seeded faults", sep="=")
        for line in score.lines(found):
            terminalreporter.line(line)
        terminalreporter.line(f"as data: {score.FILE}")
