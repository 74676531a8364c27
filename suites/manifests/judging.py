"""How a rule becomes a verdict: no finding passes, findings fail, a rule that saw nothing it is about has no say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from fixtures import verdicts
from fixtures.evidence import Recorder
from fixtures.lint.model import Finding, Rendered, Rule

Judge = Callable[[Rule, Rendered], None]
COLUMNS = ("resource", "finding", "what to do")
SHOWN = 10


def judge_by(rule: Rule, rendered: Rendered, record: Recorder) -> None:
    """Judge an overlay by one rule; its findings become a table of the report."""
    __tracebackhide__ = True
    if not rule.applies(rendered):
        verdicts.not_applicable(f"the overlay {rendered.overlay} has no {', '.join(rule.about)}")
    tell(rule(rendered), record)


def tell(findings: Sequence[Finding], record: Recorder) -> None:
    """Fail with the first findings in words, and keep all of them for the report."""
    __tracebackhide__ = True
    rows = [[one.resource, one.sentence, one.next_step] for one in findings]
    record.grid("findings", COLUMNS, rows)
    lines = [f"{one.resource}: {one.sentence}; next: {one.next_step}" for one in findings[:SHOWN]]
    if len(findings) > SHOWN:
        lines.append(f"and {len(findings) - SHOWN} more")
    assert not findings, "\n".join([f"{len(findings)} findings", *lines])


def not_to_be_had(reason: str) -> NoReturn:
    """End a check that needs something which this machine cannot have, such as a definition that is on no registry."""
    __tracebackhide__ = True
    verdicts.not_run(reason)
