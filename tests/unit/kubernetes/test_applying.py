"""Documents are applied in an order that can work; what is only late is borne with, what is refused is not."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.clients.kube import Kube
from fixtures.clients.kube_errors import KubeError
from fixtures.clients.kube_names import ResourceName
from fixtures.kubernetes import applying
from fixtures.waiting import WaitTimeout
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE

WEBHOOK = (500, 'Internal error occurred: failed calling webhook "webhook.cert-manager.io": connection refused')


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "INTERVAL", 0.02)


def _map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": NAMESPACE}, "data": {}}


def test_namespaces_come_first_and_every_name_is_told(cluster: FakeCluster, kube: Kube) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    told: list[ResourceName] = []
    done = applying.apply_all(kube, [_map("b"), _map("a"), space], timeout=5, on_name=told.append)
    assert [one.name for one in done] == [NAMESPACE, "b", "a"]
    assert told == done
    assert len(cluster.documents) == 3


def test_a_webhook_that_does_not_answer_yet_is_waited_for(cluster: FakeCluster, kube: Kube) -> None:
    cluster.refusals = [WEBHOOK, WEBHOOK, (429, "too many requests")]
    applying.apply_all(kube, [_map("a")], timeout=5)
    assert (cluster.refusals, len(cluster.documents)) == ([], 1)


def test_what_never_comes_is_told_with_the_last_answer(cluster: FakeCluster, kube: Kube) -> None:
    cluster.refusals = [WEBHOOK] * 1000
    with pytest.raises(WaitTimeout, match=r"a to be accepted; last seen: .*failed calling webhook"):
        applying.apply_all(kube, [_map("a")], timeout=0.2)
    kind = {"apiVersion": "cache.cs.sap.com/v1alpha1", "kind": "Valkey", "metadata": {"name": "v", "namespace": "n"}}
    with pytest.raises(WaitTimeout, match="the cluster knows no Valkey"):
        applying.apply_all(kube, [kind], timeout=0.2)


@pytest.mark.parametrize("answer", [(422, "spec.x: Invalid value"), (403, "exceeded quota"), (500, "out of range")])
def test_a_refusal_is_final_at_once(cluster: FakeCluster, kube: Kube, answer: tuple[int, str]) -> None:
    cluster.refusals = [answer]
    with pytest.raises(KubeError, match=answer[1]) as refusal:
        applying.apply_all(kube, [_map("a"), _map("b")], timeout=30)
    assert (type(refusal.value), refusal.value.status) == (KubeError, answer[0])
    assert cluster.documents == {}
