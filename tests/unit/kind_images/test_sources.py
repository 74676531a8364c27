"""Where images take things from: this machine's Debian mirrors, upstream's manifests, an engine that may be absent."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fixtures.embedded.progress import Silent
from fixtures.errors import SetupFailed
from fixtures.kind.images import archive, debian, upstream
from fixtures.kind.images.archive import LayerWriter, Run
from fixtures.kind.images.debian import Rootfs
from fixtures.kind.images.engine import Engine

STANZAS = """
Types: deb
# a comment
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main

Enabled: no
Types: deb
URIs: http://off.test/debian
Suites: bookworm

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
"""
LINES = """
# deb http://old.test/debian bookworm main
deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] https://tools.test/apt cloud-sdk-bookworm main
deb [trusted=yes] http://mirror.test/debian bookworm main contrib
deb http://mirror.test/debian-security bookworm-security main
"""
EXPECTED = [
    "deb http://mirror.test/debian trixie main",
    "deb http://mirror.test/debian trixie-updates main",
    "deb http://mirror.test/debian-security trixie-security main",
]


@pytest.mark.parametrize(("name", "text"), [("sources.list", LINES), ("sources.list.d/debian.sources", STANZAS)])
def test_mirrors_are_those_of_this_machine(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)
    assert debian.mirrors("trixie", tmp_path) == EXPECTED


def test_a_machine_that_takes_nothing_from_debian_leaves_the_choice_to_the_tool(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://archive.test/ubuntu noble main\n")
    assert debian.mirrors("bookworm", tmp_path) == []


def test_without_mmdebstrap_a_root_filesystem_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made = debian.rootfs(Rootfs(name="x", suite="bookworm", packages=("a",)))
    with pytest.raises(SetupFailed, match="need mmdebstrap and it is not installed; next: apt-get install mmdebstrap"):
        made.recipe.build(tmp_path, Silent())


def test_a_user_gets_its_number_also_where_debian_gave_it_to_a_group(tmp_path: Path) -> None:
    script = debian._script(Rootfs(name="x", suite="trixie", packages=("a",), users=(("postgres", 26),), script="own"))
    lines = script.splitlines()
    assert lines[0] == "set -eu"
    assert lines.index("own") > lines.index("groupadd --gid 26 postgres")
    (tmp_path / "group").write_text("tape:x:26:\nvideo:x:126:\nstaff:x:50:a\n")
    (freeing,) = [line for line in lines if line.startswith("sed ")]
    subprocess.run(["sh", "-c", freeing.replace("/etc/group", str(tmp_path / "group"))], check=True)
    assert (tmp_path / "group").read_text() == "video:x:126:\nstaff:x:50:a\n"


def test_another_script_is_another_root_filesystem() -> None:
    first, second = (debian.rootfs(Rootfs(name="x", suite="trixie", packages=("a",), script=text)) for text in "ab")
    assert first.name == second.name == "rootfs-x"
    assert first.entry != second.entry


def test_the_packages_of_a_root_filesystem_are_told_with_their_versions(tmp_path: Path) -> None:
    status = "Package: b\nStatus: ok\nVersion: 2:1.0-1\n\nPackage: a\nVersion: 3\nDescription: x\n Version: 9\n"
    with tarfile.open(tmp_path / "rootfs.tar", "w") as tar:
        info = tarfile.TarInfo("./var/lib/dpkg/status")
        info.size = len(status)
        tar.addfile(info, io.BytesIO(status.encode()))
    assert debian.packages_of(tmp_path / "rootfs.tar") == {"a": "3", "b": "2:1.0-1"}


def deployment(image: str, **more: object) -> dict[str, Any]:
    container = {"name": "manager", "image": image, **more}
    return {
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


DEFINITION = {
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "c"},
    "spec": {"image": "ghcr.io/cloudnative-pg/x:1"},
}


def test_images_of_upstream_become_ours_and_are_never_pulled() -> None:
    env = [{"name": "OPERATOR_IMAGE_NAME", "value": "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0"}]
    document = deployment("ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0", imagePullPolicy="Always", env=env)
    (found,) = upstream._renamed([document], "conformance.local/cloudnative-pg:1.30.0")
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["image"] == container["env"][0]["value"] == "conformance.local/cloudnative-pg:1.30.0"
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_definitions_stay_as_upstream_wrote_them() -> None:
    assert upstream._renamed([{**DEFINITION}], "conformance.local/x:1") == [DEFINITION]
    assert upstream.definitions([DEFINITION, deployment("x")]) == [DEFINITION]


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([DEFINITION, deployment("elsewhere.test/x:1")], "name elsewhere.test/x:1"),
        ([deployment("conformance.local/x:1")], "hold no definition"),
    ],
)
def test_manifests_that_would_ask_a_registry_are_refused(documents: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(SetupFailed, match=reason):
        upstream._check(documents, "x")


def fake_docker(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_docker_a_cluster_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupFailed, match=r"needs Docker and there is no docker on PATH; next: start Docker") as caught:
        Engine.connect()
    assert "\n" not in str(caught.value)


def test_an_engine_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker(tmp_path, "echo 'Cannot connect to the Docker daemon at unix:///x.' >&2; exit 1", monkeypatch)
    with pytest.raises(SetupFailed, match="the Docker engine does not answer; likely cause: Cannot connect"):
        Engine.connect()


def entry(folder: Path) -> Path:
    folder.mkdir()
    with LayerWriter(folder / "layer.tar") as layer:
        layer.text("/x", "x")
    told: dict[str, str] = {}
    archive.write(folder, name="x", tag="1", reference="conformance.local/x:1", layers=[folder / "layer.tar"],
                  run=Run(), label=folder.name, sources=told, packages=told)  # fmt: skip
    return folder


@pytest.mark.parametrize(("label", "loads"), [("image-x-1", False), ("image-x-0", True), ("", True)])
def test_an_image_is_loaded_unless_the_engine_has_this_very_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str, loads: bool
) -> None:
    fake_docker(tmp_path, f'echo "$@" >> {tmp_path}/calls; case "$1" in image) echo {label};; esac', monkeypatch)
    place = entry(tmp_path / "image-x-1")
    assert Engine.connect().ensure(place) == "conformance.local/x:1"
    calls = (tmp_path / "calls").read_text()
    assert (f"load --quiet --input {place}/image.tar" in calls) is loads


def test_a_failed_command_of_the_engine_tells_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker(tmp_path, '[ "$1" = version ] || { echo "no space" >&2; exit 3; }', monkeypatch)
    with pytest.raises(SetupFailed, match="loading failed with exit code 3; likely cause: no space"):
        Engine.connect().run("load", what="loading")


def test_a_container_is_removed_however_its_use_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_docker(tmp_path, f'echo "$@" >> {tmp_path}/calls', monkeypatch)
    with pytest.raises(KeyError), Engine.connect().container("x:1", command=("sleep", "9")) as name:
        raise KeyError(name)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls[-2] == f"run --detach --name {name} --network=none x:1 sleep 9"
    assert calls[-1] == f"rm --force --volumes {name}"
