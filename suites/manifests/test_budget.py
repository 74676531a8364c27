"""Requests and volumes stay within the table of the ADR."""

from __future__ import annotations

import pytest

from fixtures.evidence import Recorder
from fixtures.lint.model import Rendered
from fixtures.lint.rules import budget
from suites.manifests.judging import Judge

TABLE = ("row", "CPU", "memory", "volumes")


@pytest.mark.requirement("BUD-001")
def test_cpu_requests_stay_within_the_budget(overlay: Rendered, judge: Judge, record: Recorder) -> None:
    """CPU requests stay within 2.7 in all and within each row's share."""
    record.grid("requests and volumes", TABLE, budget.table(overlay))
    judge(budget.budget_cpu, overlay)


@pytest.mark.requirement("BUD-002")
def test_memory_requests_stay_within_the_budget(overlay: Rendered, judge: Judge) -> None:
    """Memory requests stay within 6.5 GiB in all and within each row's share."""
    judge(budget.budget_memory, overlay)


@pytest.mark.requirement("BUD-003")
def test_volumes_are_those_of_the_record(overlay: Rendered, judge: Judge) -> None:
    """Volumes are exactly those of the ADR, by row and in all."""
    judge(budget.budget_volumes, overlay)


@pytest.mark.requirement("MAN-010")
def test_every_container_says_what_it_needs(overlay: Rendered, judge: Judge) -> None:
    """Every container asks for CPU and memory and has a limit of memory above what it asks for."""
    judge(budget.requests_and_limits, overlay)


@pytest.mark.requirement("MAN-010")
def test_every_component_is_counted(overlay: Rendered, judge: Judge) -> None:
    """Every workload's component is a row of the budget, or named outside of it with the reason."""
    judge(budget.counted, overlay)
