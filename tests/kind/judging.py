"""Runs checks on a kept cluster in a process of their own, as a user would, and reads the report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fixtures.timeouts import PREFIX
from reports.models import Report

PROJECT = Path(__file__).parents[2]
LIMIT = 300.0
NAME = "of-the-lane"


def run(
    target: Path, folder: Path, *options: str, checks: Sequence[str] = ("suites/",), limits: Mapping[str, int] = {}
) -> tuple[int, Report]:
    """Judge the platform that ``target`` describes; exit code and report.

    ``limits`` are time-outs by their names, in seconds.
    """
    command = [sys.executable, "-m", "pytest", *checks, "--stack=existing", f"--target={target}", "-q"]
    command += ["-p", "no:cacheprovider", f"--report-dir={folder}", f"--run-id={NAME}", *options]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**kept, **{PREFIX + name: str(limit) for name, limit in limits.items()}},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
    )
    report = folder / NAME / "report.json"
    assert report.exists(), done.stdout[-2000:]
    return done.returncode, Report.model_validate_json(report.read_text())
