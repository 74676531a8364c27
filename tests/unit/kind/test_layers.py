"""What is applied when: waves, images, and that the real layers fit what is built."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fixtures.kind import install, layers
from fixtures.kind.cluster import SERVICE_SUBNET, configuration
from fixtures.kind.images import Manifests
from fixtures.kind.layers import Layer
from fixtures.kind.site import ADDRESSES, NETWORK, NODE_PORTS, ClusterSite
from fixtures.lint import lists

MANIFESTS = Path(__file__).parents[3] / "manifests"


def document(kind: str, name: str, *, wave: str = "", **more: object) -> dict[str, object]:
    metadata: dict[str, object] = {"name": name, **({"annotations": {layers.WAVE: wave}} if wave else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def test_waves_come_in_the_order_of_their_numbers() -> None:
    layer = Layer(
        name="x",
        documents=(
            document("Service", "late"),
            document("Job", "first", wave="-2"),
            document("Job", "then", wave="-1"),
        ),
    )
    assert [[one["metadata"]["name"] for one in wave] for wave in layer.waves] == [["first"], ["then"], ["late"]]


def test_applications_come_last_and_at_once_whatever_their_wave() -> None:
    documents = (document("Application", "a", wave="20"), document("Deployment", "c"), document("Application", "b"))
    assert [len(wave) for wave in Layer(name="x", documents=documents).waves] == [1, 2]


def test_images_are_found_wherever_they_are_named() -> None:
    pod = {"containers": [{"image": "conformance.local/a:1"}], "initContainers": [{"image": "conformance.local/b:1"}]}
    layer = Layer(
        name="x",
        documents=(
            document("Pod", "p", spec=pod),
            document("Cluster", "c", spec={"imageName": "conformance.local/c:1"}),
        ),
    )
    assert layer.images == ("conformance.local/a:1", "conformance.local/b:1", "conformance.local/c:1")


@pytest.fixture
def upstream(tmp_path: Path) -> Manifests:
    """Operators' manifests with nothing in them: only our own layers are looked at."""
    (tmp_path / "install.yaml").write_text("")
    return Manifests(cert_manager=tmp_path, cnpg=tmp_path, barman=tmp_path, traefik=tmp_path, argocd=tmp_path)


def test_every_layer_of_the_overlay_is_installed_in_its_order(upstream: Manifests) -> None:
    names = [layer.name for layer in layers.platform(MANIFESTS, upstream)]
    assert names == sorted(path.parent.name for path in (MANIFESTS / "overlays/built").glob("*/kustomization.yaml"))


def test_our_layers_name_built_images_only(upstream: Manifests) -> None:
    built = {f"conformance.local/{name}:{tag}" for name, tag in lists.load(MANIFESTS).versions.built.items()}
    for layer in layers.platform(MANIFESTS, upstream):
        assert set(layer.images) <= built, layer.name


def test_jobs_of_sentry_run_before_its_services(upstream: Manifests) -> None:
    sentry = next(layer for layer in layers.platform(MANIFESTS, upstream) if layer.name == "50-sentry")
    kinds = [{str(one["kind"]) for one in wave} for wave in sentry.waves]
    assert kinds[:3] == [{"ConfigMap"}, {"Job"}, {"Job"}]
    assert "Deployment" in kinds[3]


def test_the_archive_is_the_same_for_the_same_manifests(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.yaml").write_text("a: 1")
    first = install.archived(folder)
    (folder / "a.yaml").touch()
    assert install.archived(folder) == first
    (folder / "a.yaml").write_text("a: 2")
    assert install.archived(folder) != first


def test_the_content_of_the_repository_fits_a_config_map() -> None:
    assert len(install.archived(MANIFESTS)) < 900_000


def test_node_ports_are_those_of_the_manifests() -> None:
    mapped = configuration(ClusterSite(name="x", kept=False, address="127.0.83.3"))
    ports = yaml.safe_load(yaml.safe_dump(mapped))["nodes"][0]["extraPortMappings"]
    wanted = {port["nodePort"] for one in layers.access(MANIFESTS).documents for port in one["spec"].get("ports", ())}
    assert {port["containerPort"] for port in ports} == wanted == set(NODE_PORTS.values())
    assert {port["listenAddress"] for port in ports} == {"127.0.83.3"}


def test_kafka_is_certified_for_every_address_of_a_cluster() -> None:
    store = MANIFESTS / "overlays/built/40-stores/kafka.yaml"
    certificate = next(yaml.safe_load_all(store.read_text()))
    assert certificate["spec"]["ipAddresses"] == [f"{NETWORK}{number}" for number in range(1, ADDRESSES + 1)]


def test_the_pod_network_guards_the_addresses_of_services() -> None:
    written = (MANIFESTS.parent / "fixtures" / "kind" / "images" / "node" / "default-cni.yaml").read_text()
    assert f'value: "{SERVICE_SUBNET}"' in written
