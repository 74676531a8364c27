"""All that the kind stack is made of is there, pinned, under names that no registry can answer."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from fixtures.embedded.recipes.packages import lock
from fixtures.errors import SetupFailed
from fixtures.kind import images
from fixtures.kind.images import catalogue, golang, kind_module, node, packages, programs, roots, steps, suite
from fixtures.kind.images.golang import HERE

MODULES = sorted(path.parent for path in HERE.glob("*/go.mod"))
SPECS = {spec.name: spec for spec in catalogue.specs(Path("/nowhere"))}
NAMES = {
    *("cert-manager-controller", "cert-manager-webhook", "cert-manager-cainjector", "cloudnative-pg"),
    *("plugin-barman-cloud", "barman-sidecar", "postgresql", "versitygw", "traefik", "dex", "argocd", "kube-router"),
    *("valkey", "kafka", "relay", "relay-sidecar", "sentry", "suite", "kubectl"),
}
PINNED = {
    "cert-manager-controller": "1.21.2",
    "cloudnative-pg": "1.30.0",
    "plugin-barman-cloud": "0.14.0",
    "versitygw": "1.8.0",
    "traefik": "3.7.15",
    "argocd": "3.5.4",
    "kube-router": "2.2.1",
    "kafka": "4.4.0",
    "relay": "26.8.0",
    "relay-sidecar": "1.31.3",
    "sentry": "23.7.1",
    "kubectl": "1.34.4",
}


def test_every_image_of_the_platform_is_there_once() -> None:
    assert set(SPECS) == NAMES
    assert len(catalogue.specs(Path("/nowhere"))) == len(NAMES)


def test_tags_are_the_versions_that_are_pinned_elsewhere() -> None:
    assert {name: SPECS[name].tag for name in PINNED} == PINNED
    assert SPECS["suite"].tag == suite.version()
    assert re.fullmatch(r"0\.0\.0-\d{14}-[0-9a-f]{12}", SPECS["dex"].tag)
    assert "latest" not in {spec.tag for spec in SPECS.values()}


def test_names_cannot_be_pulled() -> None:
    assert {spec.full_name.partition("/")[0] for spec in SPECS.values()} == {"conformance.local"}


def test_no_image_of_the_platform_runs_as_root_but_the_one_that_sets_packet_filters() -> None:
    assert [name for name, spec in SPECS.items() if not spec.run.user] == ["kube-router"]
    assert SPECS["postgresql"].run.user == "26:26"
    assert SPECS["sentry"].run.user == f"{roots.SENTRY}:{roots.SENTRY}"


def test_every_step_has_an_entry_of_its_own_and_the_same_one_each_time() -> None:
    first = [one.entry for one in steps.closure(images.everything(Path("/nowhere")))]
    assert first == [one.entry for one in steps.closure(images.everything(Path("/nowhere")))]
    names = [one.name for one in steps.closure(images.everything(Path("/nowhere")))]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("folder", MODULES, ids=lambda path: path.name)
def test_every_module_pins_what_it_builds_by_checksum(folder: Path) -> None:
    text = (folder / "go.mod").read_text()
    sums = (folder / "go.sum").read_text()
    wanted = re.findall(r"^(?:require )?\s*(\S+) (v\S+)$", text, re.MULTILINE)
    assert wanted
    assert [line for line in sums.splitlines() if not re.fullmatch(r"\S+ v\S+ h1:[A-Za-z0-9+/]{43}=", line)] == []


@pytest.mark.parametrize(
    ("name", "module", "expected"),
    [
        ("kubernetes", "k8s.io/kubernetes", ("k8s.io/kubernetes", f"v{programs.KUBERNETES}")),
        ("kube-router", programs.KUBE_ROUTER, ("github.com/k3s-io/kube-router/v2", "v2.2.1")),
        ("cert-manager", programs.CERT_MANAGER, (programs.CERT_MANAGER, "v1.21.2")),
    ],
)
def test_versions_are_read_from_the_modules(name: str, module: str, expected: tuple[str, str]) -> None:
    assert golang.required(HERE / name, module) == expected


def test_kubernetes_is_of_one_version_throughout() -> None:
    text = (HERE / "kubernetes" / "go.mod").read_text()
    staged = set(re.findall(r"=> k8s\.io/\S+ v0\.(\S+)", text))
    assert staged == {programs.KUBERNETES.partition(".")[2]}


def test_the_suite_carries_what_its_servers_import_and_nothing_else() -> None:
    found = {str(path) for path in suite.files()}
    assert {
        "fixtures/embedded/clickhouse/front.py",
        "fixtures/embedded/snuba/grammar.lark",
        "fixtures/embedded/snuba/tables/errors_local.sql",
        "fixtures/embedded/__init__.py",
        "fixtures/errors.py",
    } <= found
    assert not [name for name in found if name.startswith(("fixtures/kind", "fixtures/clients", "tests"))]


def test_the_suite_s_packages_are_locked_and_hold_no_tool_of_ours() -> None:
    names = packages.closure(packages.SUITE_ROOTS)
    assert {"chdb-core-lite", "pydantic-core", "confluent-kafka"} <= names
    assert not names & {"pytest", "mypy", "ruff", "locust", "kubernetes"}
    text = packages.subset(lock("project.txt").read_text(), names)
    assert len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) == len(names)
    assert text.count("--hash=sha256:") >= len(names)


def test_a_package_that_is_not_locked_is_refused() -> None:
    with pytest.raises(AssertionError, match="not locked: b"):
        packages.subset("a==1 \\\n    --hash=sha256:0\n", frozenset({"a", "b"}))


def test_the_pod_network_is_a_script_that_the_node_s_own_image_holds() -> None:
    documents = list(yaml.safe_load_all((HERE / "node" / "default-cni.yaml").read_text()))
    (container,) = documents[-1]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "IMAGE"
    assert node.pod_network() == "conformance.local/pod-network:1"
    check = subprocess.run(["sh", "-n", HERE / "node" / "pod-network.sh"], capture_output=True, check=False)
    assert check.returncode == 0, check.stderr
    names = [spec.name for spec in node.preloaded(Path("/nowhere"))]
    assert {"image-pod-network", "image-pause", "image-etcd", "image-coredns", "image-kube-proxy"} <= set(names)


def test_kind_s_own_text_asks_for_our_pod_network_to_be_filled_in() -> None:
    first = (HERE / "node" / "default-cni.yaml").read_text().splitlines()[0]
    assert "would you kindly template this file" in first


DOCKERFILE = """
# comment
FROM debian AS base
COPY files/ /
RUN chmod 755 /kind && \\
    echo "Installing Packages ..." \\
    && DEBIAN_FRONTEND=noninteractive clean-install \\
      systemd \\
      curl \\
    && rm -f /etc/unit \\
    && ln -s a b
RUN systemctl enable kubelet
FROM other AS build
RUN make
RUN ctr oci spec | jq . > /etc/spec
"""


def test_kind_s_steps_are_taken_without_its_installs() -> None:
    assert kind_module.steps(DOCKERFILE).splitlines() == [
        'chmod 755 /kind && echo "Installing Packages ..." && rm -f /etc/unit && ln -s a b',
        "systemctl enable kubelet",
        "ctr oci spec | jq . > /etc/spec",
    ]


@pytest.mark.parametrize(
    "change", [("clean-install", "apt-get install"), ("ctr oci spec", "runc spec"), ("AS base", "AS a")]
)
def test_a_dockerfile_of_kind_that_changed_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(SetupFailed, match="kind's Dockerfile is not as it was"):
        kind_module.steps(DOCKERFILE.replace(*change))


def storage_source(folder: Path, text: str) -> Path:
    place = folder / "pkg" / "build" / "nodeimage"
    place.mkdir(parents=True)
    (place / "const_storage.go").write_text(text)
    return folder


def test_kind_s_storage_takes_our_images(tmp_path: Path) -> None:
    text = (
        'const storageProvisionerImage = "docker.io/kindest/a:1"\nconst defaultStorageManifest = `\n'
        "image: ` + storageProvisionerImage + `\nhelper: ` + storageHelperImage + `\n"
        "third: ` + storageHelperImage + `\n`\n"
    )
    told = yaml.safe_load(kind_module.storage(storage_source(tmp_path, text)))
    assert told == {"image": kind_module.PROVISIONER, "helper": kind_module.HELPER, "third": kind_module.HELPER}


def test_a_storage_manifest_that_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="kind's storage manifest is not as it was"):
        kind_module.storage(storage_source(tmp_path, "const defaultStorageManifest = `image: docker.io/x`\n"))


def test_what_was_never_built_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", str(tmp_path))
    with pytest.raises(
        SetupFailed, match=r"the built images are not all there: .* and \d+ more missing; next: run `make kind"
    ):
        images.find()


def test_what_tidies_the_cache_is_told_of_everything(tmp_path: Path) -> None:
    names = images.wanted(tmp_path)
    assert {one.entry for one in images.everything(tmp_path)} < names
    assert any(name.startswith("rootfs-node-") for name in names)


def test_an_image_is_found_by_its_name_or_its_entry_s(tmp_path: Path) -> None:
    assert [one.name for one in images.named("valkey", tmp_path)] == ["image-valkey"]
    assert [one.name for one in images.named("go-etcd", tmp_path)] == ["go-etcd"]
    assert list(images.named("nothing", tmp_path)) == []


@pytest.mark.skipif(shutil.which("gofmt") is None, reason="no gofmt on this machine")
def test_our_go_is_formatted() -> None:
    own = [str(path) for path in HERE.glob("*/*.go")]
    assert len(own) >= 5
    assert subprocess.run(["gofmt", "-l", *own], capture_output=True, text=True, check=True).stdout == ""
