"""Sentry's chart itself, where somebody has it: it knows every value, and what it renders keeps the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.errors import SetupFailed
from fixtures.evidence import Recorder
from fixtures.lint import charts
from fixtures.lint.model import Rendered, Rule
from fixtures.lint.rules import budget, certificates, images, references
from fixtures.telling import tell
from suites.manifests.judging import not_to_be_had
from suites.manifests.subject import VALUES

pytestmark = pytest.mark.requirement("MAN-007")
RULES = (
    *(references.secrets_resolve, references.config_maps_resolve, images.exact_tags, images.living_registries),
    *(budget.requests_and_limits, certificates.no_ca_key, certificates.key_modes),
)


def test_the_chart_knows_every_value(operators: Rendered, chart: Path, record: Recorder) -> None:
    """Every key of the values is one that the chart's own file names: another one would be taken in silence."""
    tell(list(charts.unknown_values(operators.values, chart)), record)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_the_chart_renders_keeps_the_rules(rule: Rule, operators: Rendered, chart: Path, record: Recorder) -> None:
    """The chart's own documents keep the rules that its values were judged by."""
    try:
        documents = charts.render(chart, VALUES)
    except SetupFailed as error:
        not_to_be_had(str(error))
    tell(rule(charts.with_chart(operators, documents)), record)
