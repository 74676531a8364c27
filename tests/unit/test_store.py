"""The cache: whole or absent, shared by runs, refused when it differs from its seal."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from fixtures.embedded.progress import Display, Progress, duration, size
from fixtures.embedded.store import CorruptEntry, Recipe, Store
from fixtures.errors import BadInput, SetupFailed
from fixtures.waiting import until, wait_for

ROOT = Path(__file__).parents[2]
DAY = 24 * 3600


def write(target: Path, _: Progress) -> None:
    (target / "bin").mkdir()
    (target / "bin" / "server").write_text("a server")
    (target / "notes").write_text("not sealed")


def recipe(build: Callable[[Path, Progress], None] = write, *, version: str = "1", needs: int = 1) -> Recipe:
    return Recipe(name="server", inputs={"version": version}, build=build, sealed=("bin/*",), needs_bytes=needs)


def refuse(_: Path, __: Progress) -> None:
    raise AssertionError("it was built again")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def display() -> Display:
    return Display(io.StringIO())


def test_an_entry_is_built_once_and_then_found(store: Store, display: Display) -> None:
    entry = store.get(recipe(), display)
    assert (entry / "bin" / "server").read_text() == "a server"
    assert store.get(recipe(refuse), display) == entry == store.find(recipe())


def test_another_input_is_another_entry(store: Store, display: Display) -> None:
    assert store.get(recipe(), display) != store.get(recipe(version="2"), display)


def test_a_failed_build_leaves_nothing(store: Store, display: Display) -> None:
    def fail(target: Path, progress: Progress) -> None:
        write(target, progress)
        raise SetupFailed("the compiler fell over")

    with pytest.raises(SetupFailed, match="fell over"):
        store.get(recipe(fail), display)
    assert [path.name for path in store.root.iterdir()] == [".locks"]
    assert store.get(recipe(), display).is_dir()


def test_a_build_that_lacks_a_sealed_file_is_no_entry(store: Store, display: Display) -> None:
    with pytest.raises(SetupFailed, match=r"did not make bin/\*"):
        store.get(recipe(lambda _, __: None), display)
    assert store.entries() == []


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda entry: (entry / "bin" / "server").write_text("b server"), "bin/server has changed"),
        (lambda entry: (entry / "bin" / "server").unlink(), "bin/server is missing"),
        (lambda entry: (entry / "seal.json").write_text("{"), "its seal cannot be read"),
        (lambda entry: (entry / "seal.json").unlink(), "it has no seal"),
    ],
)
def test_an_entry_that_differs_from_its_seal_is_refused(
    store: Store, display: Display, harm: Callable[[Path], None], reason: str
) -> None:
    entry = store.get(recipe(), display)
    harm(entry)
    with pytest.raises(CorruptEntry) as caught:
        store.get(recipe(refuse), display)
    assert reason in str(caught.value)
    assert f"make clean-cache ENTRY={entry.name}" in str(caught.value)
    store.remove(entry.name)
    assert store.get(recipe(), display) == entry


def test_a_full_disk_is_one_sentence(store: Store, display: Display) -> None:
    def fill(_: Path, __: Progress) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SetupFailed, match="not enough disk to install server: the disk became full"):
        store.get(recipe(fill), display)
    with pytest.raises(SetupFailed, match=r"it takes 1000000\.0 GB and .* are free"):
        store.get(recipe(refuse, needs=10**15), display)
    assert store.entries() == []


def test_two_threads_share_one_build(store: Store) -> None:
    stream, builds, started, go = io.StringIO(), [], threading.Event(), threading.Event()

    def slow(target: Path, progress: Progress) -> None:
        builds.append(target)
        started.set()
        assert go.wait(20)
        write(target, progress)

    shown = Display(stream, plain_seconds=0.05)
    runs = [threading.Thread(target=store.get, args=(recipe(slow), shown)) for _ in range(2)]
    runs[0].start()
    assert started.wait(20)
    runs[1].start()
    wait_for(
        "the second run to say so", until(lambda: "another run is building it" in stream.getvalue(), "no"), timeout=20
    )
    go.set()
    for run in runs:
        run.join(20)
    assert len(builds) == 1
    assert "built by another run" in stream.getvalue()


BUILD_AND_HANG = """
import subprocess, sys, time
from pathlib import Path
from fixtures.embedded.progress import Display
from fixtures.embedded.recipes import running
from fixtures.embedded.store import Recipe, Store

def build(target, progress):
    (target / "half").write_text("built")
    running.run(["sh", "-c", "sleep 600 & echo $! > %s/grandchild.tmp; mv %s/grandchild.tmp %s/grandchild; wait"
                 % ((target.parent,) * 3)], what="a hanging build")

Store(Path(sys.argv[1])).get(Recipe(name="server", inputs={"version": "1"}, build=build, needs_bytes=1), Display())
"""


def test_a_killed_build_leaves_no_process_no_lock_and_no_tree(store: Store, display: Display) -> None:
    victim = subprocess.Popen([sys.executable, "-c", BUILD_AND_HANG, str(store.root)], cwd=ROOT)
    mark = store.root / "grandchild"
    wait_for("the build to be under way", until(mark.exists, "not yet"), timeout=30)
    grandchild = int(mark.read_text())
    mark.unlink()
    victim.send_signal(signal.SIGKILL)
    victim.wait(20)
    wait_for("the compiler to be gone", until(lambda: not psutil.pid_exists(grandchild), "it lives on"), timeout=20)
    assert [path for path in store.root.iterdir() if ".building-" in path.name]
    entry = store.get(recipe(), display)
    assert sorted(path.name for path in store.root.iterdir()) == [".locks", entry.name]


def test_prune_keeps_what_is_wanted_or_was_used_today(store: Store, display: Display) -> None:
    wanted, old, fresh = (store.get(recipe(version=version), display) for version in "123")
    for entry in (wanted, old):
        long_ago = (entry / "seal.json").stat().st_mtime - 2 * DAY
        os.utime(entry / "seal.json", (long_ago, long_ago))
    leftover = store.root / "server-0123456789ab.building-dead"
    leftover.mkdir()
    assert sorted(store.prune(frozenset({wanted.name}))) == sorted([leftover.name, old.name])
    assert store.entries() == sorted([wanted, fresh])


def test_remove_takes_a_server_or_an_entry_and_refuses_others(store: Store, display: Display) -> None:
    first, second = (store.get(recipe(version=version), display) for version in "12")
    with pytest.raises(BadInput, match=f"no cache entry is called 'serve'.*{first.name}"):
        store.remove("serve")
    assert store.remove(first.name) == [first.name]
    assert store.remove("server") == [second.name]
    assert store.entries() == []


def test_an_entry_under_construction_is_not_removed(store: Store, display: Display) -> None:
    entry = store.get(recipe(), display)
    with store._locked(entry.name, display.work("x")), pytest.raises(BadInput, match="is being built"):
        store.remove(entry.name)


def test_plain_progress_tells_what_how_far_and_since_when() -> None:
    stream = io.StringIO()
    display = Display(stream, plain_seconds=0.05)
    with display.work("relay") as work:
        work.update("compiling serde", done=3, total=12, unit="crates")
        wait_for(
            "a line", until(lambda: "relay: 3/12 crates, compiling serde (0." in stream.getvalue(), "none"), timeout=10
        )
        work.result = "ready"
    assert stream.getvalue().splitlines()[-1].startswith("relay: ready in 0.")


@pytest.mark.parametrize(("seconds", "text"), [(0.42, "0.4 s"), (42.4, "42 s"), (723, "12 min 03 s")])
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(1500, "2 kB"), (62_316_600, "62 MB"), (1_700_000_000, "1.7 GB")])
def test_sizes_read_well(count: int, text: str) -> None:
    assert size(count) == text
