"""A first target is written from what is in a cluster: it loads where enough was found, and says what was not."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.clients.kube import Kube
from fixtures.errors import BadInput
from fixtures.kubernetes import discover, look_around, target
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import Grant
from tests.unit.kubernetes.samples import NAMESPACE, deployment

CHART = ("sentry-web", "sentry-ingest-consumer-events", "sentry-post-process-forward-errors", "sentry-snuba-api")
ROUTES = {"relay": ("sentry.test", "sentry-relay"), "web": ("sentry.test", "sentry-web"), "dex": ("dex.test", "dex")}


def _metadata(name: str, namespace: str = NAMESPACE) -> dict[str, Any]:
    return {"name": name, "namespace": namespace}


def _route(name: str, host: str, service: str) -> dict[str, Any]:
    rule = {"match": f"Host(`{host}`) && PathPrefix(`/x`)", "services": [{"name": service, "port": 1}]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": _metadata(name),
        "spec": {"routes": [rule]},
    }


def _service(name: str, port: int, *, address: str = "", namespace: str = NAMESPACE, **selector: str) -> dict[str, Any]:
    published = {"loadBalancer": {"ingress": [{"ip": address}]}} if address else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(name, namespace),
        "spec": {"ports": [{"port": port}], "selector": selector},
        "status": published,
    }


def _fill(cluster: FakeCluster) -> None:
    kafka = {"apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka", "metadata": _metadata("sentry-kafka")}
    listeners = [{"name": "tls", "bootstrapServers": "sentry-kafka-kafka-bootstrap.sentry-system.svc:9093"}]
    outside = {"name": "outside", "bootstrapServers": "10.0.0.4:9094"}
    cluster.put({**kafka, "status": {"listeners": [*listeners, outside]}})
    for name, (host, service) in ROUTES.items():
        cluster.put(_route(name, host, service))
    cluster.put(
        _service("clickhouse-sentry-clickhouse", 8443, address="10.0.0.5"),
        _service("sentry-snuba", 1218),
        _service("sentry-relay", 3000, address="10.0.0.6"),
        _service("traefik", 443, address="10.0.0.7", namespace="traefik", app="traefik"),
    )
    for name in CHART:
        cluster.put(deployment(name, {"app": "sentry", "role": name.removeprefix("sentry-")}))
    labels = {"conformance.sentry/component": "relay"}
    door = deployment("traefik", {"app": "traefik"})
    door["metadata"]["namespace"] = "traefik"
    cluster.put(deployment("sentry-relay", labels), door)
    certificate = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": _metadata("suite-client")}
    spec = {"secretName": "suite-client-tls", "commonName": "suite", "usages": ["client auth"]}
    cluster.put({**certificate, "spec": spec})


@pytest.fixture(autouse=True)
def dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only dex.test is known to this machine."""

    def resolves(host: str) -> bool:
        return host == "dex.test"

    monkeypatch.setattr(look_around, "_resolves", resolves)


def test_a_platform_becomes_a_target_that_loads(cluster: FakeCluster, kube: Kube, tmp_path: Path) -> None:
    _fill(cluster)
    path = tmp_path / "target.yaml"
    path.write_text(discover.describe(kube, NAMESPACE))
    made = target.load(path)
    assert (made.name, made.namespace, made.cluster.context) == ("here", NAMESPACE, "here")
    assert (made.door.sentry_url, made.door.dex_url) == ("https://sentry.test", "https://dex.test/dex")
    assert made.door.resolve == {"sentry.test": "10.0.0.7"}
    assert made.door.ca is not None
    assert made.kafka is not None
    assert (made.kafka.bootstrap, made.kafka.identity.secret) == ("10.0.0.4:9094", "suite-client-tls")
    assert made.clickhouse is not None
    assert (made.clickhouse.host, made.clickhouse.port) == ("10.0.0.5", 8443)
    assert made.relay is not None
    assert made.relay.url == "http://10.0.0.6:3000"
    assert made.snuba is None
    assert made.features["sessions"] == "no consumer of sessions runs"


def test_components_are_told_with_their_labels(cluster: FakeCluster, kube: Kube) -> None:
    _fill(cluster)
    found = yaml.safe_load(discover.describe(kube, NAMESPACE))["components"]
    assert found == {
        "kafka": {"resource": {"api_version": "kafka.strimzi.io/v1", "kind": "Kafka", "name": "sentry-kafka"}},
        "relay": {},
        "snuba": {"pods": "app=sentry,role=snuba-api"},
        "sentry-web": {"pods": "app=sentry,role=web"},
        "sentry-worker": {"pods": "app=sentry,role in (ingest-consumer-events, post-process-forward-errors)"},
        "traefik": {"namespace": "traefik", "pods": "app=traefik"},
    }


def test_what_was_not_found_is_a_comment_with_the_reason(cluster: FakeCluster, kube: Kube, tmp_path: Path) -> None:
    cluster.put(_service("sentry-snuba", 1218))
    text = discover.describe(kube, NAMESPACE)
    lines = text.splitlines()
    assert "#   sentry_url:  # no IngressRoute or Ingress in sentry-system leads to a Service whose name" in text
    assert "# kafka:" in lines
    assert "#   bootstrap:  # there is no Kafka with an external listener" in lines
    inside = "sentry-snuba.sentry-system.svc:1218"
    assert f"#   url:  # only reachable inside the cluster as {inside}: publish it, or leave it out" in lines
    assert "# components:" in lines
    (tmp_path / "t").write_text(text)
    with pytest.raises(BadInput, match="target field door: is missing"):
        target.load(tmp_path / "t")


def test_an_ingress_leads_to_sentry_too(cluster: FakeCluster, kube: Kube) -> None:
    backend = {"service": {"name": "sentry-web"}}
    rule = {"host": "sentry.plain.test", "http": {"paths": [{"backend": backend}]}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": _metadata("sentry")}
    cluster.put({**ingress, "spec": {"rules": [rule]}})
    assert look_around.Around(kube, NAMESPACE).sentry_url().value == "https://sentry.plain.test"


def test_it_only_reads_and_tells_what_it_may_not(cluster: FakeCluster, kube: Kube) -> None:
    _fill(cluster)
    rule = {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "daemonsets"], "verbs": ["list"]}
    cluster.grants = [Grant(namespace="", rule=rule)]
    text = discover.describe(kube, NAMESPACE)
    assert "# Not seen: cannot list Service in sentry-system: the user suite may not list services" in text
    assert "sentry-web: {pods: 'app=sentry,role=web'}" in text
    assert {one.verb for one in cluster.asked()} == {"list"}
    assert not [one for one in cluster.asked() if one.resource == "secrets"]


def test_the_command_prints_a_target_or_one_sentence(
    cluster: FakeCluster, kubeconfig: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(cluster)
    assert discover.main(["--kubeconfig", str(kubeconfig), "--name", "mine"]) == 0
    assert "name: mine  # the context" in capsys.readouterr().out
    assert discover.main(["--kubeconfig", str(tmp_path / "gone")]) == 4
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("error: the kubeconfig is no file")


def test_whether_a_host_resolves_is_asked_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    def unknown(*_: object) -> object:
        raise socket.gaierror

    assert not look_around._resolves("sentry.test", unknown)
    assert look_around._resolves("localhost")
