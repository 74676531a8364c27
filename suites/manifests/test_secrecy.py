"""No secret stands in Git in clear text."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import secrecy
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("GIT-004")


def test_no_secret_has_its_content_in_git(overlay: Rendered, judge: Judge) -> None:
    """No secret stands in Git in clear text."""
    judge(secrecy.no_clear_text, overlay)


def test_no_variable_holds_a_secret(overlay: Rendered, judge: Judge) -> None:
    """No variable or setting with a telling name holds its secret as a literal."""
    judge(secrecy.no_literal_passwords, overlay)


def test_the_charts_values_name_secrets_only(operators: Rendered, judge: Judge) -> None:
    """The chart's values give no password at all: only the names of secrets."""
    judge(secrecy.no_telling_values, operators)
