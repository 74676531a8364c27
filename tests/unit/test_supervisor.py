"""The supervisor with toy servers: order, readiness, commands, and above all that nothing outlives its owner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from fixtures.embedded import control, leftovers, status
from fixtures.embedded.leftovers import marked_processes
from fixtures.embedded.status import State
from fixtures.errors import SetupFailed
from fixtures.waiting import until, wait_for

PROJECT = Path(__file__).parents[2]
SERVE = "import pathlib, signal; pathlib.Path('up').touch(); signal.pause()"
STUBBORN = "import pathlib, signal, time; signal.signal(15, signal.SIG_IGN); pathlib.Path('up').touch(); time.sleep(99)"
PARENT = (
    "import pathlib, signal, subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
    "pathlib.Path('up').touch(); signal.pause()"
)
LIMIT = 20.0

Toys = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A stack's folder."""
    return tmp_path / "toys"


@pytest.fixture
def toys(root: Path) -> Iterator[Toys]:
    """Start toy servers under a supervisor; whatever a test leaves is ended."""
    root.mkdir()
    started: list[subprocess.Popen[bytes]] = []

    def begin(*plan: dict[str, Any]) -> subprocess.Popen[bytes]:
        lock = leftovers.take_lock(root)
        assert lock is not None
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.toy_stack", str(root), json.dumps(plan)],
            stdin=subprocess.PIPE,
            cwd=PROJECT,
            pass_fds=(lock,),
        )
        os.close(lock)
        started.append(child)
        return child

    yield begin
    for child in started:
        child.kill()
        child.communicate()
    leftovers.end_processes(root)


def await_state(root: Path, state: State) -> status.StackStatus:
    def reached() -> bool:
        now = status.read(root)
        return now is not None and now.state is state

    wait_for(f"state {state}", until(reached, f"{status.read(root)}"), timeout=LIMIT)
    found = status.read(root)
    assert found is not None
    return found


def test_servers_start_in_order_of_need_and_become_ready(root: Path, toys: Toys) -> None:
    toys({"name": "app", "needs": ["store"], "script": SERVE}, {"name": "store", "script": SERVE})
    now = await_state(root, State.READY)
    pids = {server.name: server.pid for server in now.servers}
    assert psutil.Process(pids["store"]).create_time() < psutil.Process(pids["app"]).create_time()


def test_the_stack_ends_when_its_owner_lets_go(root: Path, toys: Toys) -> None:
    child = toys({"name": "store", "script": PARENT}, {"name": "app", "needs": ["store"], "script": SERVE})
    await_state(root, State.READY)
    assert child.stdin
    child.stdin.close()
    assert child.wait(LIMIT) == 0
    assert marked_processes(root) == []


def test_a_killed_supervisor_leaves_no_server_and_no_lock(root: Path, toys: Toys) -> None:
    child = toys({"name": "store", "script": SERVE}, {"name": "family", "script": PARENT})
    now = await_state(root, State.READY)
    child.kill()
    child.wait(LIMIT)
    servers = [server.pid for server in now.servers if server.pid]
    gone = until(lambda: not any(psutil.pid_exists(pid) and _runs(pid) for pid in servers), "servers still run")
    wait_for("the servers to die with their supervisor", gone, timeout=LIMIT)
    assert not leftovers.is_alive(root)
    assert leftovers.end_processes(root) <= 1  # the grandchild that no parent-death signal reaches
    assert marked_processes(root) == []


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def test_a_server_that_dies_at_start_is_named_with_the_tail_of_its_log(root: Path, toys: Toys) -> None:
    child = toys({"name": "store", "script": SERVE}, {"name": "broken", "script": "raise SystemExit('no such disk')"})
    assert child.wait(LIMIT) == 3
    now = status.read(root)
    assert now is not None
    assert "broken exited with 1 before it was ready" in now.error
    assert "no such disk" in now.error
    assert marked_processes(root) == []


def test_a_server_that_never_gets_ready_ends_the_start_with_what_was_seen(root: Path, toys: Toys) -> None:
    child = toys({"name": "slow", "script": "import signal; signal.pause()", "ready_seconds": 0.5})
    assert child.wait(LIMIT) == 3
    now = status.read(root)
    assert now is not None
    assert "slow was not ready within 0.5 s; last seen: no file yet" in now.error


def test_a_server_that_ignores_the_stop_signal_is_killed(root: Path, toys: Toys) -> None:
    child = toys({"name": "deaf", "script": STUBBORN})
    await_state(root, State.READY)
    child.send_signal(signal.SIGTERM)
    assert child.wait(LIMIT) == 0
    assert marked_processes(root) == []


@pytest.mark.parametrize(("away", "back"), [("stop", "start"), ("kill", "start"), ("pause", "resume")])
def test_a_server_can_be_taken_away_and_brought_back(root: Path, toys: Toys, away: str, back: str) -> None:
    toys({"name": "store", "script": SERVE})
    await_state(root, State.READY)
    control.ask(root, away, "store", timeout=LIMIT)
    assert status.read(root).servers[0].state in {State.STOPPED, State.PAUSED}  # type: ignore[union-attr]
    control.ask(root, back, "store", timeout=LIMIT)
    assert await_state(root, State.READY).servers[0].pid


def test_a_server_that_dies_in_use_is_shown_as_failed_and_can_be_started_again(root: Path, toys: Toys) -> None:
    toys({"name": "store", "script": SERVE})
    pid = await_state(root, State.READY).servers[0].pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    now = await_state(root, State.FAILED)
    assert "while it was in use" in now.servers[0].seen
    control.ask(root, "start", "store", timeout=LIMIT)
    await_state(root, State.READY)


@pytest.mark.parametrize(("verb", "server"), [("stop", "nobody"), ("explode", "store")])
def test_a_command_that_cannot_be_obeyed_says_why(root: Path, toys: Toys, verb: str, server: str) -> None:
    toys({"name": "store", "script": SERVE})
    await_state(root, State.READY)
    with pytest.raises(SetupFailed, match="there are"):
        control.ask(root, verb, server, timeout=LIMIT)


def test_asking_a_dead_stack_is_one_sentence(root: Path) -> None:
    root.mkdir()
    with pytest.raises(SetupFailed, match=r"did not answer 'stop'.*make status"):
        control.ask(root, "stop", "store", timeout=1)
