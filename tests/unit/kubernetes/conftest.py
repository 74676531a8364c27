"""A fake cluster, a kubeconfig for it, and a client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.clients.kube import Kube, connect
from tests.unit.kubernetes.fake_api import FakeCluster, served
from tests.unit.kubernetes.samples import write_kubeconfig


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def server(cluster: FakeCluster) -> Iterator[str]:
    with served(cluster) as url:
        yield url


@pytest.fixture
def kubeconfig(server: str, tmp_path: Path) -> Path:
    return write_kubeconfig(tmp_path / "kubeconfig", server)


@pytest.fixture
def kube(kubeconfig: Path) -> Iterator[Kube]:
    made = connect(kubeconfig)
    yield made
    made.close()
