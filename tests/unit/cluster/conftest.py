"""A fake cluster that knows the kinds that checks make, and names what the server is to name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.clients.kube import Kube, connect
from fixtures.cluster.platform import Platform, known_lists
from fixtures.stack import KubernetesAccess
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeCluster, served
from tests.unit.kubernetes.samples import NAMESPACE, write_kubeconfig

MORE = {
    ("", "v1"): (("PersistentVolumeClaim", "persistentvolumeclaims", True),),
    ("batch", "v1"): (("CronJob", "cronjobs", True),),
    ("postgresql.cnpg.io", "v1"): (("Backup", "backups", True),),
    ("argoproj.io", "v1alpha1"): (("Application", "applications", True),),
}


class NamingCluster(FakeCluster):
    """Also takes ``generateName``."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def answer(
        self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any] | bytes]:
        prefix = body.get("metadata", {}).pop("generateName", "") if method == "POST" else ""
        if prefix:
            body["metadata"]["name"] = f"{prefix}{next(self._numbers)}"
        return super().answer(method, path, query, body)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    known = fake_api.KINDS
    kinds = {key: (*known.get(key, ()), *MORE.get(key, ())) for key in {**known, **MORE}}
    monkeypatch.setattr(fake_api, "KINDS", kinds)
    return NamingCluster()


@pytest.fixture
def kube(cluster: FakeCluster, tmp_path: Path) -> Iterator[Kube]:
    with served(cluster) as url:
        made = connect(write_kubeconfig(tmp_path / "kubeconfig", url))
        yield made
        made.close()


@pytest.fixture
def platform(kube: Kube) -> Platform:
    access = KubernetesAccess(kubeconfig=None, context="here", namespace=NAMESPACE, resources={})
    return Platform(kube=kube, access=access, lists=known_lists(), overlay="built", components={})
