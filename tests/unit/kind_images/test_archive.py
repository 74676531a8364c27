"""Images are put together byte for byte the same, in the form that engines take, and say what is in them."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fixtures.embedded.progress import Silent
from fixtures.embedded.store import file_digest
from fixtures.kind.images import archive
from fixtures.kind.images.archive import LayerWriter, Run
from fixtures.kind.images.image import Image, Part, image


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a program, a text, a link and a mark of the cache."""
    folder = tmp_path / "tree"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "tool").write_text("#!/bin/sh\n")
    (folder / "bin" / "tool").chmod(0o775)
    (folder / "notes").write_text("text")
    (folder / "link").symlink_to("bin/tool")
    (folder / "seal.json").write_text("{}")
    return folder


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as tar:
        return {info.name: info for info in tar}


def content(path: Path, name: str) -> bytes:
    with tarfile.open(path) as tar:
        found = tar.extractfile(name)
        assert found is not None
        return found.read()


def layer(path: Path, text: str = "x") -> Path:
    with LayerWriter(path) as writer:
        writer.text("/etc/thing", text)
    return path


def write(folder: Path, layers: list[Path]) -> archive.Description:
    folder.mkdir()
    return archive.write(
        folder,
        name="thing",
        tag="1",
        reference="conformance.local/thing:1",
        layers=layers,
        run=Run(entrypoint=("/thing",), environment={"A": "b"}, user="1001:1001", stop_signal="SIGINT"),
        label="image-thing-0123",
        sources={"thing": "1"},
        packages={"base-files": "12"},
    )


def configuration(folder: Path) -> dict[str, Any]:
    (entry,) = json.loads(content(folder / "image.tar", "manifest.json"))
    found: dict[str, Any] = json.loads(content(folder / "image.tar", entry["Config"]))
    return found


def test_a_tree_keeps_links_and_who_may_run_and_loses_marks_times_and_owners(tree: Path, tmp_path: Path) -> None:
    with LayerWriter(tmp_path / "layer.tar") as writer:
        writer.tree("/opt/thing", tree, owner=26)
    found = members(tmp_path / "layer.tar")
    assert sorted(found) == ["opt/thing", "opt/thing/bin", "opt/thing/bin/tool", "opt/thing/link", "opt/thing/notes"]
    assert found["opt/thing/link"].linkname == "bin/tool"
    assert found["opt/thing/bin/tool"].mode == 0o755
    assert {info.mtime for info in found.values()} == {0}
    assert {info.uid for info in found.values() if not info.issym()} == {26}


def test_compiled_python_keeps_the_time_of_its_source(tree: Path, tmp_path: Path) -> None:
    os.utime(tree / "notes", (1_700_000_000, 1_700_000_000))
    with LayerWriter(tmp_path / "layer.tar") as writer:
        writer.tree("/opt/thing", tree, keep_times=True)
    assert members(tmp_path / "layer.tar")["opt/thing/notes"].mtime == 1_700_000_000


def test_the_same_files_make_the_same_image(tree: Path, tmp_path: Path) -> None:
    digests = []
    for name in "ab":
        path = tmp_path / f"{name}.tar"
        with LayerWriter(path) as writer:
            writer.tree("/opt/thing", tree)
        write(tmp_path / name, [path])
        digests.append(file_digest(tmp_path / name / "image.tar"))
        os.utime(tree / "notes", (1, 1))
    assert digests[0] == digests[1]


def test_an_archive_is_what_docker_saves(tmp_path: Path) -> None:
    layers = [layer(tmp_path / "1.tar"), layer(tmp_path / "2.tar", "y")]
    told = write(tmp_path / "entry", layers)
    (entry,) = json.loads(content(tmp_path / "entry" / "image.tar", "manifest.json"))
    assert entry["RepoTags"] == ["conformance.local/thing:1"]
    assert [content(tmp_path / "entry" / "image.tar", name) for name in entry["Layers"]] == [
        path.read_bytes() for path in layers
    ]
    config = content(tmp_path / "entry" / "image.tar", entry["Config"])
    assert told.id == f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{file_digest(path)}" for path in layers]


def test_an_image_says_how_it_starts_and_what_it_was_made_of(tmp_path: Path) -> None:
    write(tmp_path / "entry", [layer(tmp_path / "1.tar")])
    own = configuration(tmp_path / "entry")["config"]
    assert (own["Entrypoint"], own["User"], own["StopSignal"]) == (["/thing"], "1001:1001", "SIGINT")
    assert "Cmd" not in own
    assert own["Env"][1:] == ["A=b"]
    assert own["Env"][0].startswith("PATH=/usr/local/sbin:")
    assert own["Labels"] == {archive.ENTRY_LABEL: "image-thing-0123"}


def test_a_layer_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    one = layer(tmp_path / "1.tar")
    write(tmp_path / "entry", [one, one])
    assert len([name for name in members(tmp_path / "entry" / "image.tar") if name.endswith("layer.tar")]) == 1
    assert len(configuration(tmp_path / "entry")["rootfs"]["diff_ids"]) == 2


def test_a_description_is_read_as_it_was_written(tmp_path: Path) -> None:
    told = write(tmp_path / "entry", [layer(tmp_path / "1.tar")])
    assert archive.read(tmp_path / "entry") == told
    assert told.size == (tmp_path / "entry" / "image.tar").stat().st_size
    assert (told.sources, told.packages) == ({"thing": "1"}, {"base-files": "12"})


def test_parts_become_layers_and_another_part_another_entry(tree: Path, tmp_path: Path) -> None:
    def spec(text: str) -> Image:
        parts = [
            Part(to="/etc/thing", text=text),
            Part(to="/usr/bin/tool", file=tree / "bin" / "tool", mode=0o755),
            Part(to="/tmp", mode=0o1777),
            Part(to="/usr/bin/other", link="tool"),
        ]
        return Image(name="thing", tag="1", layers=[parts], run=Run(entrypoint=("/usr/bin/tool",)))

    first, second = (image(spec(text), tmp_path) for text in ("a", "b"))
    assert first.entry == image(spec("a"), tmp_path).entry != second.entry
    target = tmp_path / f"{first.entry}.building-1"
    target.mkdir()
    first.recipe.build(target, Silent())
    assert sorted(path.name for path in target.iterdir()) == ["image.json", "image.tar"]
    assert archive.read(target).reference == "conformance.local/thing:1"
    assert configuration(target)["config"]["Labels"] == {archive.ENTRY_LABEL: first.entry}
    (name,) = [name for name in members(target / "image.tar") if name.endswith("layer.tar")]
    (tmp_path / "found.tar").write_bytes(content(target / "image.tar", name))
    found = members(tmp_path / "found.tar")
    assert {name: info.mode for name, info in found.items() if not info.issym()} == {
        "etc/thing": 0o644,
        "usr/bin/tool": 0o755,
        "tmp": 0o1777,
    }
    assert found["usr/bin/other"].linkname == "tool"
