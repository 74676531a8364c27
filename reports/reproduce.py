"""The commands that judge the same again: the whole run, and one check of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from reports.models import CheckResult, Report

ENVIRONMENT = ("make", "-s", "environment")
PYTEST = ".venv/bin/pytest"


def whole(command: Sequence[str], commit: str | None) -> str:
    """One line of shell for a clone: the commit, the environment, and the command as it was given.

    A tree that had changes of its own (``-dirty``) has no commit that could be checked out.
    """
    steps = [] if not commit or commit.endswith("-dirty") else [shlex.join(("git", "checkout", commit))]
    rest = [PYTEST, *command[1:]] if command and command[0] == "pytest" else list(command)
    return " && ".join([*steps, shlex.join(ENVIRONMENT), shlex.join(rest)])


def asks_for_all(command: Sequence[str]) -> bool:
    """Whether the command named the whole of ``suites/``, and not a part of it."""
    return any(part.rstrip("/") in ("suites", "./suites") for part in command[1:])


def one(check: CheckResult, report: Report) -> str:
    """The command for one check, on the same kind of stack and with the run's own target and waivers."""
    kept = [part for part in report.run.command if part.startswith(("--target=", "--waivers=", "--allow-changes"))]
    return shlex.join(("pytest", check.id, f"--stack={report.stack.kind}", *kept))
