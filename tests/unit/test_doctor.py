"""The preflight and the bootstrap: they run before anything is installed, and speak in sentences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures import bootstrap, doctor, doctor_kind, doctor_rows
from fixtures.doctor_rows import Finding
from fixtures.errors import SetupFailed
from fixtures.kind import preflight

ROOT = Path(__file__).parents[2]
MAKE = ("make", "--no-print-directory", "-C", str(ROOT))


def tool(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on its path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", str(tmp_path / "home"))
    return folder


def row(rows: list[Finding], what: str) -> Finding:
    return next(found for found in rows if found.what == what)


def test_a_bare_machine_cannot_run_and_learns_how(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bare.is_dir()
    assert doctor.main([]) == doctor.CANNOT_RUN
    told = capsys.readouterr().out
    assert "embedded stack: cannot run here yet" in told
    for name in doctor.BUILD_TOOLS:
        assert f"apt-get install {name}" in told
    assert "make rust" in told


@pytest.mark.parametrize(
    ("told", "ok"),
    [("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", True), ("cargo 1.65.0", False), ("something else", False)],
)
def test_cargo_must_be_new_enough(bare: Path, told: str, ok: bool) -> None:
    tool(bare, "cargo", told)
    assert row(doctor.embedded(), "cargo").ok is ok


def test_go_is_not_needed(bare: Path) -> None:
    assert bare.is_dir()
    found = row(doctor.embedded(), "go")
    assert found.ok
    assert "one is fetched" in found.found


def test_a_cached_relay_makes_its_compilers_needless(bare: Path, tmp_path: Path) -> None:
    assert bare.is_dir()
    entry = tmp_path / "home" / "cache" / "relay-0123456789ab"
    entry.mkdir(parents=True)
    (entry / "seal.json").touch()
    rows = doctor.embedded()
    assert doctor_rows.is_cached("relay")
    assert [found.what for found in rows if found.what in (*doctor.BUILD_TOOLS, "cargo") and found.needed] == []


def test_a_home_that_others_may_not_enter_is_found(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "home").mkdir(parents=True)
    closed.chmod(0o700)
    found = doctor._reachable(closed / "home")
    assert not found.ok
    assert "closed to it: " in found.found


def test_a_home_that_cannot_be_made_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", "/proc/nowhere")
    (found,) = doctor._home()
    assert not found.ok
    assert "set SENTRY_CONFORMANCE_HOME" in found.how


def test_the_docker_daemon_is_asked(bare: Path) -> None:
    (bare / "docker").write_text("#!/bin/sh\necho 'permission denied' >&2\nexit 1\n")
    (bare / "docker").chmod(0o755)
    engine = row(doctor_kind.rows(), "docker engine")
    assert (engine.ok, engine.needed) == (False, True)
    assert not doctor.can_run(doctor_kind.rows())


def test_a_kind_cluster_is_refused_with_all_that_it_lacks(bare: Path) -> None:
    assert bare.is_dir()
    with pytest.raises(SetupFailed, match=r"docker: missing \(install Docker Engine\); .*built images: missing"):
        preflight.require()


def test_a_kubeconfig_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    assert not doctor.can_run(doctor.existing())
    (tmp_path / "config").touch()
    assert doctor.can_run(doctor.existing())


def test_the_table_gives_hints_only_where_something_lacks() -> None:
    rows = [
        Finding("cmake", "/usr/bin/cmake", True, True, "Relay", "apt-get install cmake"),
        Finding("kind", "missing", False, False, "a cluster", "fetch it"),
    ]
    lines = doctor.table("a stack", rows).splitlines()
    assert lines[0] == "a stack: can run"
    assert "apt-get" not in lines[2]
    assert lines[3].split()[0] == "optional"
    assert lines[3].endswith("fetch it")


def test_the_doctor_and_the_bootstrap_need_nothing_installed() -> None:
    script = "import sys; sys.path.insert(0, '.'); import fixtures.doctor, fixtures.bootstrap"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=ROOT, check=True)


def test_make_lists_its_targets_with_a_sentence_each() -> None:
    told = subprocess.run(MAKE, capture_output=True, text=True, check=True).stdout
    names = {line.split()[1] for line in told.splitlines()}
    assert {
        "conformance",
        "test",
        "up",
        "down",
        "status",
        "doctor",
        "lint",
        "benchmark",
        "clean-cache",
        "report",
    } <= names
    assert all(len(line.split()) > 4 for line in told.splitlines())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "-m pytest suites/"),
        ("-k store", "-m pytest suites/ -k store"),
        ("suites/ingestion -k store", "-m pytest suites/ingestion -k store"),
    ],
)
def test_make_conformance_passes_options_on(arguments: str, expected: str) -> None:
    command = (*MAKE, "-n", "conformance", f"ARGS={arguments}")
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert " ".join(told.splitlines()[-1].split()).endswith(expected)


def test_make_test_installs_the_servers_that_all_tests_need() -> None:
    def commands(arguments: str) -> str:
        told = subprocess.run((*MAKE, "-n", "test", f"ARGS={arguments}"), capture_output=True, text=True, check=True)
        return " ".join(told.stdout.splitlines()[-2:])

    assert "-m fixtures.embedded.install" in commands("")
    assert "-m fixtures.embedded.install" in commands("-x -k store")
    assert "install" not in commands("tests/unit/test_store.py")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bootstrap that would work in a folder of the test's own."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    places = {"ENVIRONMENT": folder, "PYTHON": folder / "bin" / "python", "STAMP": folder / "stamp"}
    for name, value in {**places, "UNFINISHED": folder / "unfinished", "LOCK": folder / "lock"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    return folder


def test_a_whole_environment_is_left_alone(environment: Path) -> None:
    (environment / "stamp").write_text(bootstrap.digest())
    assert bootstrap.main() == 0
    assert not (environment / "lock").exists()


def test_an_environment_that_is_half_made_stale_or_without_python_is_not_ready(environment: Path) -> None:
    wanted = bootstrap.digest()
    assert not bootstrap.is_ready(wanted)
    (environment / "stamp").write_text("another lock")
    assert not bootstrap.is_ready(wanted)
    (environment / "stamp").write_text(wanted)
    assert bootstrap.is_ready(wanted)
    (environment / "unfinished").touch()
    assert not bootstrap.is_ready(wanted)
    (environment / "unfinished").unlink()
    (environment / "bin" / "python").unlink()
    assert not bootstrap.is_ready(wanted)


def test_a_bootstrap_that_fails_says_why_and_stays_unfinished(
    environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (environment / "bin" / "python").unlink()
    script = environment.parent / "broken"
    script.write_text("#!/bin/sh\necho 'could not resolve host'\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    assert bootstrap.main() == bootstrap.SETUP_FAILED
    assert "the making of .venv failed; next: check network" in capsys.readouterr().err
    assert (environment / "unfinished").exists()
