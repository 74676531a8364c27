"""The network side of a platform behind the API: where its ports are reached, and its certificates."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fixtures import pki
from fixtures.clients import resolver
from fixtures.errors import SetupFailed
from fixtures.kubernetes.stack import KubernetesStack, open_stack
from fixtures.lint.lists import DeclaredListener
from fixtures.pki import Authority
from fixtures.stack import Endpoint
from fixtures.wire import Wire
from tests.unit.kubernetes import platform
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, secret

STORE = DeclaredListener(
    name="postgres", component="postgres", port=5432, protocol="postgresql", policy="mtls", certificate="store-tls"
)


def _served(name: str, component: str, port: int) -> DeclaredListener:
    return DeclaredListener(name=name, component=component, port=port, protocol="https", policy="tls")


LISTENERS = (
    STORE,
    _served("door", "traefik", 8443),
    _served("clickhouse", "clickhouse", 8443),
    _served("kafka-outside", "kafka", 9094),
    _served("snuba-api", "snuba", 1218),
    _served("dex", "dex", 5554),
)
NAMES = ["store", "*.store.ns.svc", "store.ns.svc"]


@pytest.fixture
def authority() -> Authority:
    return pki.foreign_authority()


@pytest.fixture
def stack(cluster: FakeCluster, kubeconfig: Path, tmp_path: Path, authority: Authority) -> Iterator[KubernetesStack]:
    client = pki.issue(tmp_path / "client", authority=authority, common_name="suite").folder
    platform.fill(cluster, client)
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "store", "namespace": NAMESPACE},
        "spec": {"secretName": "store-tls", "dnsNames": NAMES},
    }
    cluster.put(certificate)
    made = open_stack(platform.target(kubeconfig), links=(), listeners=LISTENERS, base=tmp_path / "private")
    with closing(made):
        yield made
    resolver.remove()


def test_it_is_a_wire_as_checks_know_it(stack: KubernetesStack) -> None:
    seen: Wire = stack.wire
    assert [one.name for one in seen.listeners] == [one.name for one in LISTENERS]
    assert seen.listeners is stack.wire.listeners, "forwarded ports are made once"


def test_what_the_target_tells_is_reached_there_and_the_rest_by_the_api(stack: KubernetesStack) -> None:
    found = {one.name: one.endpoint for one in stack.wire.listeners}
    assert found["door"] == Endpoint(host="sentry.test", port=443)
    assert found["clickhouse"] == Endpoint(host="clickhouse.test", port=8443)
    assert found["kafka-outside"] == Endpoint(host="127.0.83.1", port=9094)
    assert found["dex"] is None, "no pod of it runs"
    store = found["postgres"]
    assert store is not None
    assert store.host == "store.ns.svc"
    assert resolver.address_of("store.ns.svc") == "127.0.0.1"
    snuba = found["snuba-api"]
    assert snuba is not None
    assert snuba.host == "snuba.localhost"


def test_names_are_those_of_the_certificate(stack: KubernetesStack) -> None:
    (store,) = [one for one in stack.wire.listeners if one.name == "postgres"]
    assert store.names == tuple(NAMES)


def test_certificates_are_taken_out_of_their_secrets(stack: KubernetesStack) -> None:
    found = stack.wire.client("suite")
    assert found.name == "suite-client-tls"
    assert found.key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupFailed, match="there is no secret nobody-tls"):
        stack.wire.certificate("nobody-tls")


def test_a_ca_is_taken_out_of_its_secret(stack: KubernetesStack, cluster: FakeCluster, tmp_path: Path) -> None:
    own = pki.issue(tmp_path / "ca", authority=pki.foreign_authority(), common_name="ca").folder
    files = {name: base64.b64encode((own / name).read_bytes()).decode() for name in ("tls.crt", "tls.key", "ca.crt")}
    cluster.put(secret("sentry-ca-tls", **{name.replace(".", "_"): text for name, text in files.items()}))
    found = stack.wire.authority("sentry-ca-tls")
    assert found.chain[0].subject.rfc4514_string() == "CN=ca"
