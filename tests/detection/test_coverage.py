"""Every check has a fault that it must notice, and the catalogue names nothing that does not exist."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fixtures.embedded.site import PROJECT
from tests.detection.fault import FOLDERS, SUITES, Fault, covers, node_id
from tests.detection.faults import FAULTS, WITHOUT


@pytest.fixture(scope="module")
def checks() -> list[str]:
    """Node ids of all checks, as pytest collects them."""
    command = [sys.executable, "-m", "pytest", *FOLDERS, "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    found = [line for line in done.stdout.splitlines() if line.startswith(SUITES)]
    assert len(found) > 200
    return found


def test_every_check_has_a_fault_that_it_must_notice(checks: list[str]) -> None:
    sharp = [name for fault in FAULTS if not fault.blunt for name in fault.must_fail]
    bare = [check for check in checks if not any(covers(name, check) for name in (*sharp, *WITHOUT))]
    assert bare == []


def test_a_check_without_a_fault_has_none(checks: list[str]) -> None:
    named = [name for fault in FAULTS for name in fault.must_fail]
    for excused in WITHOUT:
        mine = [check for check in checks if covers(excused, check)]
        assert mine, f"{excused} does not exist"
        assert not [check for check in mine if any(covers(name, check) for name in named)], excused


def test_faults_name_checks_that_exist(checks: list[str]) -> None:
    names = {name for fault in FAULTS for name in (*fault.must_fail, *fault.may_fail, *fault.must_pass)}
    assert [name for name in sorted(names) if not any(covers(name, check) for check in checks)] == []


@pytest.mark.parametrize("each", FAULTS, ids=lambda each: each.id)
def test_a_fault_is_whole(each: Fault) -> None:
    assert each.must_fail
    assert each.must_pass
    assert not [name for name in each.must_pass if any(covers(other, node_id(name)) for other in each.must_fail)]
    assert each.sentence.endswith(".")
    assert each.stands_for


def test_ids_are_unique() -> None:
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)
