"""A fault as data: a change to the real manifests that one rule, and no other, must notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.lint.draft import Draft


@dataclass(frozen=True, kw_only=True)
class Fault:
    """``also`` are rules that rightly notice as well, because the fault breaks what they are about, too."""

    rule: str
    name: str
    seed: Callable[[Draft], object]
    overlay: str = "operators"
    also: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"
