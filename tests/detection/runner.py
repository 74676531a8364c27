"""Tries faults on a stack: seed one, run the checks that must notice it, judge, heal, prove that the stack is whole."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from fixtures.clients import resolver
from fixtures.clients.door import DoorClient
from fixtures.clients.envelope import new_event_id
from fixtures.clients.sentry_api import SentryApi
from fixtures.embedded import status
from fixtures.embedded.site import PROJECT
from fixtures.embedded.status import State
from fixtures.errors import SuiteError
from fixtures.timeouts import PREFIX
from fixtures.waiting import Reached, wait_for
from reports.models import Report
from tests.detection import degraded
from tests.detection.fault import Fault
from tests.detection.judging import Outcome, Result, judge
from tests.detection.workshop import Workshop

# Seconds a check waits for what a fault keeps away. Above what a whole stack needs also on a busy machine (an event is
# readable in 3 s at most; 200 at once take ten), well below the limits of a real run: those make a fault cost minutes.
SHORT = {
    "HTTP": 20,
    "HOP_INGEST": 6,
    "HOP_EVENTS": 25,
    "HOP_ROW": 8,
    "HOP_API": 12,
    "OUTCOME": 12,
    "CONFIG_PROPAGATION": 8,
    "CONSUMER_LIVE": 30,
    "TOPIC_READ": 10,
    "CERTIFICATE_SERVED": 8,
    "RECOVERED": 25,
}
CHECKS_SECONDS = 240.0  # a run of checks that takes longer is ended: its checks have then not run
EVERYTHING_SECONDS = 900.0  # the same for every suite after the whole catalogue
WHOLE_SECONDS = 60.0  # a backlog that a fault left is worked off within this


class NoReport(SuiteError):
    """The checks did not run."""


def try_fault(fault: Fault, workshop: Workshop) -> Result:
    """One round. Never raises for what the fault does; an unhealed stack raises.

    :raises SuiteError: the stack is not whole after healing.
    """
    began = time.monotonic()
    try:
        fault.inject(workshop)
        checking = time.monotonic()
        report = run_checks(workshop.root, fault.selected)
        result = judge(fault, report, checking=time.monotonic() - checking)
    except (SuiteError, OSError) as error:
        result = Result(fault=fault.id, outcome=Outcome.BROKEN, reason=str(error)[:1000])
    finally:
        workshop.heal()
    require_whole(workshop)
    return result.model_copy(update={"seconds": round(time.monotonic() - began, 1)})


def run_checks(root: Path, selected: Sequence[str], *, seconds: float = CHECKS_SECONDS) -> Report:
    """Run checks in a process of their own on this stack, whatever its state, with short waits.

    :raises NoReport: there is no finished report; the message carries the end of what pytest said.
    """
    with TemporaryDirectory(prefix="sentry-conformance-detection-") as folder:
        command = [sys.executable, "-m", "pytest", *selected, "-q", "-p", degraded.__name__, "-p", "no:cacheprovider"]
        command += ["--report-dir", folder, "--run-id", "fault"]
        said = _run(command, environment(root), seconds)
        path = Path(folder) / "fault" / "report.json"
        report = Report.model_validate_json(path.read_text()) if path.exists() else None
    if report is None or not report.run.finished:
        raise NoReport(f"the checks came to no end:\n{said[-1500:]}", where=" ".join(selected)[:300])
    return report


def environment(root: Path) -> dict[str, str]:
    """The caller's, without what would change pytest's ways, with the stack and the short waits."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", PREFIX))}
    return {**kept, degraded.VARIABLE: str(root), **{PREFIX + name: str(limit) for name, limit in SHORT.items()}}


def _run(command: Sequence[str], environment: dict[str, str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return f"ended after {seconds:g} s: {error.stdout!r:.2000}"
    return done.stdout


def require_whole(workshop: Workshop) -> None:
    """Every server is ready, and a new event passes all hops to the web API.

    :raises SuiteError: it does not.
    """
    now = status.read(workshop.root)
    broken = [server.name for server in now.servers if server.state is not State.READY] if now else ["all"]
    if broken:
        raise SuiteError(f"not whole after healing: {', '.join(broken)}", where=str(workshop.root / "logs"))
    stack = workshop.stack
    resolver.install(stack.door.resolve)
    with (
        closing(SentryApi(stack.sentry, stack.door.ca)) as api,
        closing(DoorClient(url=stack.door.sentry_url, ca=stack.door.ca)) as door,
    ):
        project = api.create_project(f"whole-{new_event_id()[:10]}")
        event_id = new_event_id()
        answer = door.event(project.id, project.key.public, {"message": "whole again"}, event_id=event_id)

        def probe() -> Reached[None] | str:
            found = api.event(project.slug, event_id)
            return Reached(None) if found.status_code == 200 else f"sent with {answer}, read with {found.status_code}"

        wait_for("an event to pass the healed stack", probe, timeout=WHOLE_SECONDS, where=str(workshop.root / "logs"))
