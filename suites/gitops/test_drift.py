"""A change by hand is found and undone."""

from __future__ import annotations

import time

import pytest

from fixtures.clients.kube import Document
from fixtures.clients.kube_names import name_of
from fixtures.cluster import argocd
from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import require_seen
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import gitops
from fixtures.lint.model import labels
from fixtures.lint.rules.placement import PART_OF
from fixtures.stack import Capability, Stack
from fixtures.timeouts import LIMITS
from fixtures.verdicts import require
from fixtures.waiting import Reached, wait_for

DRIFTED = "drifted-by-the-suite"


@pytest.fixture
def drifting(stack: Stack, platform: Platform) -> Document:
    """A Deployment that an application holds: a label of it, of which nothing depends, is Git's to say."""
    require(stack, Capability.CHANGES)
    require_seen(platform, argocd.COMPONENT)
    held = argocd.applications(platform)
    mine = [one for one in platform.documents("Deployment") if PART_OF in labels(one) and gitops.holder(held, one)]
    assert mine, "no Deployment of the platform is deployed by Argo CD, so nothing would be undone"
    return mine[0]


@pytest.mark.requirement("GIT-003")
def test_a_change_by_hand_is_undone(platform: Platform, drifting: Document, record: Recorder) -> None:
    """A label that is changed by hand is what Git says again, within a stated time."""
    name, wanted = name_of(drifting), labels(drifting)[PART_OF]
    platform.kube.patch(name, {"metadata": {"labels": {PART_OF: DRIFTED}}})
    began = time.monotonic()

    def probe() -> Reached[float] | str:
        found = labels(platform.kube.get(name)).get(PART_OF)
        return Reached(time.monotonic() - began) if found == wanted else f"the label is {found}"

    try:
        seconds = wait_for(f"the drift of {name} to be undone", probe, timeout=LIMITS.drift, interval=0.2)
    except BaseException:
        platform.kube.patch(name, {"metadata": {"labels": {PART_OF: wanted}}})
        raise
    record.figure("until a change by hand was undone", round(seconds, 1), "s")
