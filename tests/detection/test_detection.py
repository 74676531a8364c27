"""Every seeded fault is noticed by the checks that it names, no other check cries, and the stack is whole afterwards.

A fault is one deliberate way to break the platform (``faults/``, data plus one small function). Each is seeded into a
running embedded stack from outside, the named checks and one or two unrelated ones run on it as a user would run
them, and the stack is healed and proven whole by an event that passes all hops. At the end all these checks run
once more on the healed stack: a check that fails there too has noticed nothing.

``pytest tests/`` tries a spread; ``pytest tests/detection --all-faults`` the whole catalogue; ``--fault=ID`` one;
``--resume`` goes on where an ended session stopped; ``--join`` takes a running stack instead of starting one.
"""

from __future__ import annotations

import pytest

from reports.models import Verdict
from tests.detection import runner, score
from tests.detection.fault import FOLDERS, Fault
from tests.detection.faults import FAULTS
from tests.detection.judging import Outcome, Result
from tests.detection.workshop import Workshop

FINE = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE})
STATE = {"lost": False}


def test_the_named_checks_notice(
    fault: Fault, workshop: Workshop, results: list[Result], request: pytest.FixtureRequest
) -> None:
    if any(result.fault == fault.id for result in results):
        return  # caught by an earlier session of this commit
    if STATE["lost"]:
        pytest.fail("not tried: an earlier fault could not be healed", pytrace=False)
    try:
        result = runner.try_fault(fault, workshop)
    except Exception:
        STATE["lost"] = True
        raise
    results.append(result)
    score.save(request.config.rootpath / score.FILE, results)
    assert result.outcome is Outcome.CAUGHT, f"{fault.sentence}\n{result.model_dump_json(indent=1)}"


def test_the_healed_stack_passes_the_same_checks(workshop: Workshop, results: list[Result]) -> None:
    tried = {result.fault for result in results}
    names = {name for fault in FAULTS if fault.id in tried for name in fault.selected}
    assert names, "no fault was tried"
    everything = len(tried) == len(FAULTS)
    selected = list(FOLDERS) if everything else sorted(names)
    report = runner.run_checks(workshop.root, selected, seconds=runner.EVERYTHING_SECONDS)
    ran = {check.id: check for check in report.checks if check.verdict is not Verdict.NOT_RUN}
    assert ran
    ailing = [
        f"{name}: {check.verdict}, {check.reason[:500]}" for name, check in ran.items() if check.verdict not in FINE
    ]
    assert not ailing, "\n".join(["checks fail without any fault:", *ailing])
