"""All services of the platform run in one namespace, each with the labels that it is known by."""

from __future__ import annotations

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import Judge
from fixtures.lint.model import PLATFORM
from fixtures.lint.rules import placement

pytestmark = pytest.mark.requirement("OPS-001")


def test_every_service_runs_in_the_platforms_namespace(platform: Platform, judge_live: Judge) -> None:
    """Every service of the platform runs in sentry-system, and none elsewhere."""
    assert platform.namespace == PLATFORM, f"the platform runs in {platform.namespace}"
    judge_live(placement.one_namespace, platform.everything())


def test_every_pod_says_what_it_is(platform: Platform, judge_live: Judge) -> None:
    """Every pod of the platform says which component it is, and that it is part of it."""
    judge_live(placement.pod_labels, platform.live("Pod", namespaces=platform.around))
