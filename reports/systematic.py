"""Failures with a pattern: on all stacks, on one stack only, with one version only, or in every run of late. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.history_models import Entry

FAIL, HOLDS = frozenset("fk"), frozenset("p")
JUDGED = frozenset("pfk")
RUNS = 2
"""So many runs on each side make a pattern of a version."""
LATE = 5
WINDOW = 60
"""Only so many of the newest runs are looked at for versions."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A check, what its failures have in common, and a sentence."""

    check: str
    common: str
    sentence: str


def patterns(letters: Mapping[str, Mapping[str, str]], runs: Mapping[str, Sequence[Entry]]) -> list[Pattern]:
    """What failures have in common. ``letters`` maps a stack to its checks, each with one letter a run."""
    found = list(_across(letters))
    for stack, checks in letters.items():
        failing = {check: told for check, told in checks.items() if FAIL & set(told[-WINDOW:])}
        found += _by_version(stack, failing, runs[stack][-WINDOW:])
        found += _of_late(stack, failing)
    return sorted(found, key=lambda one: (one.common, one.check))


def _across(letters: Mapping[str, Mapping[str, str]]) -> Iterator[Pattern]:
    newest: dict[str, dict[str, str]] = defaultdict(dict)
    for stack, checks in letters.items():
        for check, told in checks.items():
            last = next((letter for letter in reversed(told) if letter in JUDGED), "")
            if last:
                newest[check][stack] = last
    for check, stacks in newest.items():
        failing = [stack for stack, letter in stacks.items() if letter in FAIL]
        if len(stacks) < RUNS or not failing:
            continue
        if len(failing) == len(stacks):
            yield Pattern(check=check, common="all stacks", sentence=f"fails on {' and '.join(failing)}")
        elif len(failing) == 1:
            others = " and ".join(stack for stack in stacks if stack not in failing)
            yield Pattern(check=check, common="one stack", sentence=f"fails on {failing[0]}, holds on {others}")


def _by_version(stack: str, checks: Mapping[str, str], runs: Sequence[Entry]) -> Iterator[Pattern]:
    versions: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, run in enumerate(runs):
        for component, version in run.versions.items():
            versions[component][version].add(number)
    changed = {component: known for component, known in versions.items() if len(known) > 1}
    for check, told in checks.items():
        judged = {number: letter for number, letter in enumerate(told[-WINDOW:]) if letter in JUDGED}
        for component, known in changed.items():
            for version, numbers in known.items():
                with_ = [letter for number, letter in judged.items() if number in numbers]
                without = [letter for number, letter in judged.items() if number not in numbers]
                if min(len(with_), len(without)) >= RUNS and set(with_) <= FAIL and set(without) <= HOLDS:
                    told_ = f"on {stack} fails with {component} {version} only ({len(with_)} runs)"
                    yield Pattern(check=check, common="one version", sentence=told_)


def _of_late(stack: str, checks: Mapping[str, str]) -> Iterator[Pattern]:
    for check, told in checks.items():
        judged = [letter for letter in told if letter in JUDGED][-LATE:]
        if len(judged) == LATE and set(judged) <= {"f"}:
            sentence = f"failed in each of the last {LATE} runs on {stack}"
            yield Pattern(check=check, common="every run", sentence=sentence)
