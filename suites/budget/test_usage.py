"""What the platform uses now, against what it asks for and may take."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from fixtures.cluster import measuring
from fixtures.cluster.platform import Platform
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import live, usage
from fixtures.lint.model import Finding
from fixtures.stack import Capability, Stack
from fixtures.verdicts import require, unknown

COLUMNS = ("component", "CPU used", "CPU asked for", "memory used, Mi", "memory asked for, Mi")
CLOSEST = ("pod", "container", "memory, Mi", "limit, Mi")
SHOWN = 10
MEBI = 2**20


@pytest.mark.requirement("BUD-002")
def test_no_container_is_above_its_limit_of_memory(
    stack: Stack, platform: Platform, record: Recorder, tell_all: Callable[[Iterable[Finding]], None]
) -> None:
    """No container of the platform uses more memory than its limit now; those closest to it are told."""
    require(stack, Capability.USAGE)
    pods = list(live.lasting(platform.live("Pod", namespaces=platform.around)).of("Pod"))
    found = usage.used(pods, measuring.summaries(platform.kube, pods))
    if not found:
        unknown("the kubelets count no container of the platform")
    closest = sorted((one for one in found if one.limit), key=lambda one: one.limit - one.bytes)[:SHOWN]
    rows = [(one.pod["metadata"]["name"], one.container, one.bytes // MEBI, one.limit // MEBI) for one in closest]
    record.grid("closest to their limits", CLOSEST, rows)
    tell_all(usage.over(found))


@pytest.mark.requirement("BUD-001", "BUD-002")
def test_use_now_is_told_beside_requests(stack: Stack, platform: Platform, record: Recorder) -> None:
    """Every component that asks for something is counted by the kubelets, and its use now is in the report."""
    require(stack, Capability.USAGE)
    looked = live.lasting(platform.live("Pod", namespaces=platform.around))
    used = measuring.rates(stack)
    rows = [
        (
            word,
            round(used[word].cores, 3),
            float(usage.asked(looked, "cpu", word)),
            used[word].memory_bytes // MEBI,
            int(usage.asked(looked, "memory", word)) // MEBI,
        )
        for word in usage.components(looked)
        if word in used
    ]
    record.grid("use now", COLUMNS, rows)
    assert rows, "no component is counted"
    assert all(row[3] > 0 for row in rows), "a component that runs takes no memory: the figures are not its own"
