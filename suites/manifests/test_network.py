"""NetworkPolicies let through exactly the declared links."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import network
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-004")


def test_declared_links_are_open(overlay: Rendered, judge: Judge) -> None:
    """Every declared link is let through, from each pod of its client to each of its server."""
    judge(network.links_open, overlay)


def test_nothing_but_declared_links_is_open(overlay: Rendered, judge: Judge) -> None:
    """Nothing but the declared links is let through between pods of the platform."""
    judge(network.links_only, overlay)


def test_everything_is_denied_by_default(overlay: Rendered, judge: Judge) -> None:
    """The namespace denies everything by default, both ways, and lets everybody ask for names."""
    judge(network.default_deny, overlay)


def test_strimzis_own_policy_lets_in_declared_clients(operators: Rendered, judge: Judge) -> None:
    """Kafka's own NetworkPolicy lets in the declared clients only."""
    judge(network.listener_peers, operators)
