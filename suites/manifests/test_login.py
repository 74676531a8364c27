"""Dex and Sentry are configured to fit each other."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import login
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-008")


def test_redirects_are_equal_on_both_sides(overlay: Rendered, judge: Judge) -> None:
    """Dex knows exactly the redirect that Sentry asks for, under Sentry's public name."""
    judge(login.redirects_agree, overlay)


def test_the_issuer_is_one_name(overlay: Rendered, judge: Judge) -> None:
    """Dex's issuer is its public name at the door, and Sentry's endpoints lie below it."""
    judge(login.issuer_agrees, overlay)


def test_dex_offers_both_ways_in(overlay: Rendered, judge: Judge) -> None:
    """Dex offers a static password and a GitHub connector, takes codes only, and holds no secret itself."""
    judge(login.dex_offers, overlay)


@pytest.mark.requirement("OIDC-004")
def test_dex_lets_in_its_own_people_only(overlay: Rendered, judge: Judge) -> None:
    """Dex lets in people of this organization only, by addresses that somebody verified: Sentry itself bars nobody."""
    judge(login.dex_lets_in_ours, overlay)
