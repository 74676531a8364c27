"""Restarts, kills for memory and volumes as the API, the kubelet and ``du`` tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from fixtures.clients.kube import Kube
from fixtures.clients.kube_errors import NotFound
from fixtures.clients.kube_exec import Executed
from fixtures.kubernetes.survey import Seen
from fixtures.kubernetes.vitals import vitals


def pod(*, restarts: int = 0, killed: bool = False) -> dict[str, Any]:
    last = {"terminated": {"reason": "OOMKilled"}} if killed else {}
    return {
        "metadata": {"name": "kafka-0", "namespace": "sentry", "uid": "u1"},
        "spec": {
            "nodeName": "n1",
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}, {"name": "tls", "secret": {}}],
            "containers": [{"name": "kafka", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        },
        "status": {"containerStatuses": [{"name": "kafka", "restartCount": restarts, "lastState": last}]},
    }


class FakeKube:
    """A kubelet's volumes, and what ``du`` prints in a pod: None where it may not be run."""

    def __init__(self, volumes: Sequence[Mapping[str, Any]], du: str | None) -> None:
        self.volumes, self.du = volumes, du

    def node_summary(self, node: str) -> Mapping[str, Any]:
        assert node == "n1"
        return {"pods": [{"podRef": {"uid": "u1"}, "volume": self.volumes}]}

    def execute(self, namespace: str, name: str, command: Sequence[str], *, container: str) -> Executed:
        assert (namespace, name, container, command) == ("sentry", "kafka-0", "kafka", ["du", "-skc", "/data"])
        if self.du is None:
            raise NotFound("there is no du")
        return Executed(exit_code=0, stdout=self.du, stderr="")


COUNTED = [{"name": "data", "pvcRef": {"name": "c"}, "usedBytes": 7000}, {"name": "tls", "usedBytes": 5}]


@pytest.mark.parametrize(
    ("volumes", "du", "stored"),
    [(COUNTED, None, 7000), ([], "12\t/data\n12\ttotal\n", 12 * 1024), ([], None, None), ([], "", None)],
)
def test_volumes_are_counted_or_measured_or_not_told(
    volumes: Sequence[Mapping[str, Any]], du: str | None, stored: int | None
) -> None:
    kube = cast("Kube", FakeKube(volumes, du))
    seen = Seen(component="kafka", pods=(pod(),), owner=None, resource=None)
    assert vitals(kube, [seen])[0].stored_bytes == stored


def test_a_restart_and_a_kill_change_the_instance() -> None:
    kube = cast("Kube", FakeKube(COUNTED, None))

    def look(*, restarts: int = 0, killed: bool = False) -> tuple[frozenset[str], frozenset[str]]:
        seen = Seen(component="kafka", pods=(pod(restarts=restarts, killed=killed),), owner=None, resource=None)
        found = vitals(kube, [seen])[0]
        return found.instances, found.killed

    before, after = look(), look(restarts=1, killed=True)
    assert before[0] != after[0]
    assert (before[1], after[1]) == (frozenset(), after[0])
