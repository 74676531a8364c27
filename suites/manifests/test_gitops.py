"""Applications of Argo CD cover every layer and apply it in order."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import gitops
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-009")


def test_applications_apply_on_the_servers_side(overlay: Rendered, judge: Judge) -> None:
    """Every application applies on the server's side, heals itself, and leaves replicas alone."""
    judge(gitops.server_side_apply, overlay)


def test_every_layer_is_an_application_in_order(overlay: Rendered, judge: Judge) -> None:
    """Every layer of the platform is an application, in the order of the layers."""
    judge(gitops.applications_cover, overlay)


def test_every_kind_has_a_health(overlay: Rendered, judge: Judge) -> None:
    """Every kind that Argo CD does not know has a health of ours."""
    judge(gitops.health_checks, overlay)


def test_the_project_allows_what_is_needed(overlay: Rendered, judge: Judge) -> None:
    """The project lets applications use the sources, namespaces and cluster-wide kinds that they need, no more."""
    judge(gitops.project_allows, overlay)
