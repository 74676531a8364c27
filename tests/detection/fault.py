"""A fault as data: one deliberate way to break a stack, and the checks that must notice it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.detection.workshop import Workshop

SUITES = "suites/"
CHECKS = f"{SUITES}ingestion/"
JUDGED = ("ingestion", "tls", "pki", "oidc")
"""Suites whose every check has a fault here; those of manifests and of a cluster have theirs in tests/unit."""

FOLDERS = tuple(f"{SUITES}{suite}" for suite in JUDGED)


def node_id(name: str) -> str:
    """A check as pytest names it: ``tls/test_x.py::check`` lies in that suite, ``test_x.py::check`` in ingestion."""
    return (SUITES if "/" in name.partition("::")[0] else CHECKS) + name


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Checks are named by :func:`node_id`: ``file.py::check`` (all its parameters) or ``file.py::check[one]``.

    ``stands_for`` is the incident of real life. ``must_fail`` have to fail, ``may_fail`` may, and ``must_pass`` run
    beside them and must not cry. A check that says unknown has not noticed anything, unless the fault ``blocks`` what
    the check prepares: then it is right to say that it cannot judge. ``blunt`` breaks so much that noticing it proves
    little of a single check: it does not count as that check's fault. ``quick`` puts it into the spread that
    ``make test`` runs. ``inject`` breaks the stack through the workshop, which remembers how to heal each step.
    """

    id: str
    sentence: str
    stands_for: str
    must_fail: tuple[str, ...]
    must_pass: tuple[str, ...]
    inject: Callable[[Workshop], None]
    may_fail: tuple[str, ...] = ()
    blocks: bool = False
    blunt: bool = False
    quick: bool = False

    @property
    def selected(self) -> tuple[str, ...]:
        """What pytest is told to run."""
        return tuple(dict.fromkeys(node_id(name) for name in (*self.must_fail, *self.may_fail, *self.must_pass)))


def covers(name: str, check: str) -> bool:
    """Whether ``name``, as a fault gives it, means the check with this node id."""
    full = node_id(name)
    return check == full or ("[" not in name and check.startswith(f"{full}["))
