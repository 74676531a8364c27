"""The probe's own program, the pod that carries it, and what becomes of its answers."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator

import pytest

from fixtures.clients.kube import Document
from fixtures.clients.kube_names import ResourceName
from fixtures.cluster import outside, probing
from fixtures.cluster.platform import Platform
from fixtures.cluster.probing import Client
from fixtures.cluster_bench import clients_of
from fixtures.errors import SetupFailed
from fixtures.kubernetes.findings.paths import Target
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.samples import NAMESPACE, deployment

WEB = ResourceName(api_version="apps/v1", kind="Deployment", name="sentry-web", namespace=NAMESPACE)
CLIENT = Client(name="relay", namespace=NAMESPACE, labels={"conformance.sentry/component": "relay"})
TARGET = Target(
    server="kafka", namespace=NAMESPACE, port=9093, name="Service kafka:9093", host="kafka.sentry-system.svc", dial=9093
)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield int(opened.getsockname()[1])


@pytest.fixture
def with_web(platform: Platform, cluster: FakeCluster) -> Platform:
    cluster.put(deployment("sentry-web", {"app": "web"}))
    platform.access.resources["sentry-web"] = WEB  # type: ignore[index]  # a dictionary here
    return platform


def test_the_program_tells_what_takes_a_connection(listener: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as shut:
        free = int(shut.getsockname()[1])
    aims = json.dumps([["127.0.0.1", listener], ["127.0.0.1", free], ["no-such-name.invalid", 1]])
    command = ["sh", "-c", probing.PYTHON, probing.PROGRAM, aims]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(done.stdout)
    assert told["words"] == ["connected", "refused", "no such name"]
    assert told["rounds"] > 2


def test_this_machine_takes_connections_while_it_listens_and_no_longer() -> None:
    with outside.listening() as targets:
        for one in targets:
            socket.create_connection((one.host, one.dial), timeout=5).close()
    assert {one.server for one in targets} <= {"outside"}
    for one in targets:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((one.host, one.dial), timeout=5)


def test_a_probe_is_closed_small_and_never_ready() -> None:
    template = {"containers": [{"image": "x/sentry:1"}], "imagePullSecrets": [{"name": "pull"}], "volumes": [{}]}
    made = probing.pod_of(CLIENT, [TARGET], template)
    spec, container = made["spec"], made["spec"]["containers"][0]
    assert made["metadata"]["labels"] == CLIENT.labels
    assert (container["image"], spec["imagePullSecrets"], "volumes" in spec) == (
        "x/sentry:1",
        [{"name": "pull"}],
        False,
    )
    assert json.loads(container["command"][-1]) == [["kafka.sentry-system.svc", 9093]]
    assert spec["readinessGates"] == [{"conditionType": "conformance.sentry/never"}]
    assert (spec["automountServiceAccountToken"], spec["securityContext"]["runAsNonRoot"]) == (False, True)
    assert container["resources"]["limits"]["memory"] == "96Mi"


def _succeed(changed: Document) -> None:
    if changed["kind"] == "Pod":
        changed["status"] = {"phase": "Succeeded"}


def test_probes_run_side_by_side_and_go(with_web: Platform, cluster: FakeCluster) -> None:
    cluster.after_change, cluster.log = _succeed, 'warning\n{"rounds": 3, "words": ["refused"]}\n'
    other = Client(name="snuba", namespace=NAMESPACE)
    found = probing.run(with_web, [CLIENT, other], [TARGET])
    assert [(one.client, one.target, one.word) for one in found] == [
        ("relay", TARGET, "refused"),
        ("snuba", TARGET, "refused"),
    ]
    assert [name for *_, name in cluster.documents] == ["sentry-web"]


def test_a_probe_without_answers_is_an_error(with_web: Platform, cluster: FakeCluster) -> None:
    cluster.after_change, cluster.log = _succeed, "sh: python3: not found"
    with pytest.raises(SetupFailed, match="the probe of relay printed no answers"):
        probing.run(with_web, [CLIENT], [TARGET])
    assert [name for *_, name in cluster.documents] == ["sentry-web"]


def test_a_probe_that_cannot_start_is_told(with_web: Platform, cluster: FakeCluster) -> None:
    def stick(changed: Document) -> None:
        if changed["kind"] == "Pod":
            waiting = {"waiting": {"reason": "ErrImageNeverPull", "message": "no such image"}}
            changed["status"] = {"phase": "Pending", "containerStatuses": [{"name": "probe", "state": waiting}]}

    cluster.after_change = stick
    with pytest.raises(SetupFailed, match=r"a probe cannot start: .*ErrImageNeverPull"):
        probing.run(with_web, [CLIENT], [TARGET])


def test_without_a_web_there_is_no_image_to_use(platform: Platform) -> None:
    with pytest.raises(SetupFailed, match="no pod of sentry-web runs"):
        probing.run(platform, [CLIENT], [TARGET])


def test_every_component_here_is_a_client_and_two_that_nobody_knows(platform: Platform) -> None:
    door = ResourceName(api_version="apps/v1", kind="Deployment", name="traefik", namespace="traefik")
    platform.access.resources["traefik"] = door  # type: ignore[index]  # a dictionary here
    found = {one.name: (one.namespace, dict(one.labels)) for one in clients_of(platform)}
    assert set(found) == {
        "clickhouse", "dex", "kafka", "postgres", "relay", "sentry-web", "sentry-worker", "snuba", "valkey",
        "traefik", "nobody", "stranger",
    }  # fmt: skip
    assert found["dex"] == (NAMESPACE, {"conformance.sentry/component": "dex"})
    assert found["traefik"] == ("traefik", {"conformance.sentry/component": "traefik"})
    assert (found["nobody"], found["stranger"]) == ((NAMESPACE, {}), ("traefik", {}))
