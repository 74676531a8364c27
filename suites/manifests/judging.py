"""How a rule becomes a verdict: no finding passes, findings fail, a rule that saw nothing it is about has no say."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from fixtures import verdicts
from fixtures.evidence import Recorder
from fixtures.lint.model import Rendered, Rule
from fixtures.telling import tell

Judge = Callable[[Rule, Rendered], None]


def judge_by(rule: Rule, rendered: Rendered, record: Recorder) -> None:
    """Judge an overlay by one rule; its findings become a table of the report."""
    __tracebackhide__ = True
    if not rule.applies(rendered):
        verdicts.not_applicable(f"the overlay {rendered.overlay} has no {', '.join(rule.about)}")
    tell(rule(rendered), record)


def not_to_be_had(reason: str) -> NoReturn:
    """End a check that needs something which this machine cannot have, such as a definition that is on no registry."""
    __tracebackhide__ = True
    verdicts.not_run(reason)
