"""Manifests ask only for kinds and fields that the pinned operators and Kubernetes know."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import apis
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-001")


def test_every_kind_is_served_in_its_version(overlay: Rendered, judge: Judge) -> None:
    """Every kind is asked for in an API version that the pinned operators and Kubernetes serve."""
    judge(apis.api_versions, overlay)


def test_kubernetes_own_kinds_have_only_fields_that_exist(overlay: Rendered, judge: Judge) -> None:
    """Kubernetes' own kinds have only fields that exist, each of its type."""
    judge(apis.native_fields, overlay)
