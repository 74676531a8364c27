"""A platform behind the API as suites see it: components, identities, capabilities with reasons, usage, clean-up."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fixtures import pki
from fixtures.clients.kube_errors import Forbidden
from fixtures.errors import BadInput
from fixtures.kubernetes.stack import KubernetesStack, open_stack
from fixtures.kubernetes.target import Target
from fixtures.stack import Capability, Provenance, Stack
from tests.unit.kubernetes import platform
from tests.unit.kubernetes.fake_api import FakeCluster
from tests.unit.kubernetes.rbac import documents, grants
from tests.unit.kubernetes.samples import NAMESPACE, deployment, pod

READ = documents("read")
ALL = documents("read", "changes", "usage")


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return pki.issue(tmp_path / "client", authority=pki.foreign_authority(), common_name="suite").folder


@pytest.fixture
def small(cluster: FakeCluster, client: Path) -> FakeCluster:
    platform.fill(cluster, client)
    return cluster


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "private"


@pytest.fixture
def stack(small: FakeCluster, kubeconfig: Path, base: Path) -> Iterator[KubernetesStack]:
    small.grants = grants(ALL)
    made = open_stack(platform.target(kubeconfig), links=(), base=base)
    yield made
    made.close()


def test_it_is_a_stack_as_suites_know_it(stack: KubernetesStack) -> None:
    seen: Stack = stack
    assert (seen.kind, stack.name, seen.kubernetes.namespace, seen.kubernetes.context) == (
        *("existing", "small", NAMESPACE),
        "here",
    )
    assert seen.door.resolve == {"sentry.test": "127.0.83.1"}
    assert (seen.sentry.url, seen.sentry.token) == ("https://sentry.test", "token-of-the-suite")
    assert "token-of-the-suite" not in repr(seen.sentry)
    assert (seen.kafka.bootstrap, seen.clickhouse.endpoint.address) == ("127.0.83.1:9094", "clickhouse.test:8443")
    assert (seen.snuba_url, seen.relay_url) == ("http://snuba.test:1218", "http://relay.test:3000")


def test_components_tell_version_provenance_and_what_runs_them(stack: KubernetesStack) -> None:
    found = {one.name: (one.version, one.provenance.value, one.managed_by, one.note) for one in stack.components}
    assert found == {
        "postgres": ("17-trixie", "real", "operator CloudNativePG 1.30.0", ""),
        "valkey": ("not seen", "real", "", "not deployed yet"),
        "kafka": ("4.3.1", "real", "operator Strimzi 1.2.0", ""),
        "clickhouse": ("sha256:0123456789ab", "real", "StatefulSet without an operator", ""),
        "relay": ("26.8.0", "real", "Deployment", ""),
        "snuba": ("0.1.0", "stand-in", "Deployment", "ours"),
        "sentry-web": ("23.7.1", "real", "Deployment", ""),
    }
    assert {word: str(name) for word, name in stack.kubernetes.resources.items()} == {
        "postgres": "Cluster sentry-system/sentry-postgres",
        "kafka": "Kafka sentry-system/sentry-kafka",
        "clickhouse": "StatefulSet sentry-system/sentry-clickhouse",
        "relay": "Deployment sentry-system/sentry-relay",
        "snuba": "Deployment sentry-system/snuba-api",
        "sentry-web": "Deployment sentry-system/web",
    }


@pytest.mark.usefixtures("small")
def test_what_the_target_says_of_a_component_stands(kubeconfig: Path, base: Path) -> None:
    said = {"version": "9", "provenance": "substitute", "note": "n", "managed_by": "hand"}
    with closing(open_stack(platform.target(kubeconfig, components={"relay": said}), links=(), base=base)) as stack:
        (relay,) = [one for one in stack.components if one.name == "relay"]
    assert (relay.version, relay.provenance, relay.note, relay.managed_by) == ("9", Provenance.SUBSTITUTE, "n", "hand")


def test_a_wrong_annotation_is_told(small: FakeCluster, stack: KubernetesStack) -> None:
    small.put(pod("x", {"conformance.sentry/component": "dex"}, annotations={"conformance.sentry/provenance": "fake"}))
    with pytest.raises(BadInput, match=r"the annotation conformance.sentry/provenance of a pod of dex is 'fake'"):
        assert stack.components


def test_usage_sums_the_containers_of_each_component(stack: KubernetesStack) -> None:
    found = {one.component: (one.cpu_seconds, one.memory_bytes, one.processes) for one in stack.usage()}
    assert found["snuba"] == (2.5, 2000, 2)
    assert found["relay"] == (0.0, 0, 0)
    assert set(found) == {"postgres", "kafka", "clickhouse", "relay", "snuba", "sentry-web"}


def test_without_permission_to_change_it_only_reads(stack: KubernetesStack) -> None:
    missing = set(Capability) - stack.capabilities
    assert missing == {
        *(Capability.CHANGES, Capability.CONTROLS, Capability.PAUSE),
        *(Capability.SESSIONS, Capability.CHECK_INS),
        *(Capability.SOCKETS, Capability.CONNECTIONS, Capability.IDENTITIES, Capability.AUTHORITY),
        Capability.RENEWAL,
        Capability.IMPOSTORS,
        *(Capability.LOGIN, Capability.NEWCOMERS, Capability.OIDC_CLIENT),
        Capability.FILES,
    }
    assert stack.limitation(Capability.CONTROLS).startswith("needs --allow-changes")
    assert stack.limitation(Capability.SESSIONS) == "no metrics consumers run"
    assert stack.limitation(Capability.CHECK_INS) == (
        "the target does not say that this platform stores check-ins (features)"
    )
    with pytest.raises(NotImplementedError, match="needs --allow-changes"):
        assert stack.controls


@pytest.mark.usefixtures("small")
def test_what_the_target_does_not_name_is_missing_with_a_reason(kubeconfig: Path, base: Path) -> None:
    given = platform.document(kubeconfig)
    for field in ("kafka", "clickhouse", "snuba", "relay"):
        del given[field]
    target = Target.model_validate(given)
    with closing(open_stack(target, links=(), base=base)) as stack:
        for capability, read in (
            (Capability.KAFKA, lambda: stack.kafka),
            (Capability.CLICKHOUSE, lambda: stack.clickhouse),
            (Capability.SNUBA, lambda: stack.snuba_url),
            (Capability.RELAY_DIRECT, lambda: stack.relay_url),
        ):
            assert capability not in stack.capabilities
            assert stack.limitation(capability).startswith("the target names no ")
            with pytest.raises(NotImplementedError, match="the target names no "):
                read()


def test_changes_that_were_asked_for_may_still_not_be_allowed(small: FakeCluster, kubeconfig: Path, base: Path) -> None:
    small.grants = grants(READ)
    with closing(open_stack(platform.target(kubeconfig), links=(), allow_changes=True, base=base)) as stack:
        assert Capability.CHANGES in stack.capabilities
        assert stack.limitation(Capability.CONTROLS) == (
            "the kubeconfig's user may not patch deployments.apps, patch statefulsets.apps, delete pods in "
            "sentry-system: bind manifests/access/changes to it"
        )
        assert stack.limitation(Capability.USAGE) == (
            "the kubeconfig's user may not get nodes/proxy: bind manifests/access/usage to it"
        )
        with pytest.raises(NotImplementedError, match="get nodes/proxy"):
            stack.usage()


def test_keys_are_only_ours_and_go_with_the_stack(stack: KubernetesStack, base: Path) -> None:
    key = stack.kafka.identity.key
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.is_relative_to(base)
    assert stat.S_IMODE(next(base.iterdir()).stat().st_mode) == 0o700
    assert stack.clickhouse.identity == stack.kafka.identity
    stack.close()
    assert list(base.iterdir()) == []


@pytest.mark.usefixtures("small")
def test_a_stack_that_cannot_be_opened_leaves_nothing(kubeconfig: Path, base: Path) -> None:
    target = platform.target(kubeconfig, kafka={"bootstrap": "k:1", "identity": {"secret": "gone"}})
    with pytest.raises(BadInput, match="there is no secret sentry-system/gone"):
        open_stack(target, links=(), base=base)
    assert list(base.iterdir()) == []


def test_a_finished_pod_is_no_part_of_what_runs(small: FakeCluster, stack: KubernetesStack) -> None:
    done = pod("init", {"conformance.sentry/component": "sentry-worker"})
    done["status"] = {"phase": "Succeeded"}
    small.put(done)
    assert "sentry-worker" not in {one.name for one in stack.components}
    small.put(
        deployment("w", {"conformance.sentry/component": "sentry-worker"}), {**done, "status": {"phase": "Running"}}
    )
    assert "sentry-worker" in {one.name for one in stack.components}


def test_a_namespace_that_may_not_be_read_is_told_with_its_component(
    small: FakeCluster, kubeconfig: Path, base: Path
) -> None:
    here = [grant for grant in grants(ALL) if grant.namespace in ("", NAMESPACE)]
    small.grants = here
    target = platform.target(kubeconfig, components={"traefik": {"namespace": "traefik"}})
    with closing(open_stack(target, links=(), allow_changes=True, base=base)) as stack:
        found = {one.name: one.note for one in stack.components}
        assert found["traefik"] == ("cannot list Pod in traefik: the user suite may not list pods in namespace traefik")
        assert "web" not in stack.controls.servers()
        assert "snuba-api" in stack.controls.servers()
    small.grants = []
    with pytest.raises(Forbidden):
        open_stack(platform.target(kubeconfig), links=(), base=base)
