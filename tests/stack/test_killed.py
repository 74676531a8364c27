"""The real stack, killed: whatever moment it hits, nothing is left behind and the next command works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import home
from fixtures.embedded import install, leftovers, start, status
from fixtures.embedded.leftovers import marked_processes
from fixtures.embedded.status import StackStatus, State
from fixtures.waiting import Reached, until, wait_for

PROJECT = Path(__file__).parents[2]
LIMIT = 200.0


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    """Everything is installed before any stop watch runs."""
    install.installed()


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that owns a stack and holds it until it is ended, as a pytest session does."""
    program = "from fixtures.embedded import start; import signal; start.start(kept=False); signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT)
    yield child
    child.kill()
    child.wait()


def _own(child: subprocess.Popen[bytes]) -> Path:
    """The folder of the stack that this process owns: its name ends with the process id."""

    def probe() -> Reached[Path] | str:
        found = list(home.stacks_folder().glob(f"run-*-{child.pid}"))
        return Reached(found[0]) if found and (found[0] / status.FILE).exists() else "it has no stack yet"

    return wait_for("the owner's stack", probe, timeout=LIMIT)


def _server_is_ready(root: Path, name: str) -> bool:
    now = status.read(root)
    return now is not None and any(server.name == name and server.state is State.READY for server in now.servers)


def _await_nothing_left(root: Path) -> None:
    def probe() -> Reached[None] | str:
        found = marked_processes(root)
        if found or leftovers.is_alive(root):
            return f"supervisor alive: {leftovers.is_alive(root)}; still there: {[process.pid for process in found]}"
        return Reached(None)

    wait_for("the orphaned stack to end", probe, timeout=LIMIT)


@pytest.mark.parametrize("moment", ["postgres", "kafka"])
def test_an_owner_killed_while_its_stack_starts_leaves_nothing(owner: subprocess.Popen[bytes], moment: str) -> None:
    root = _own(owner)
    wait_for(f"{moment} to be ready", until(lambda: _server_is_ready(root, moment), "not yet"), timeout=LIMIT)
    owner.kill()
    _await_nothing_left(root)


def test_a_killed_supervisor_leaves_nothing_that_the_next_command_does_not_clear(
    owner: subprocess.Popen[bytes],
) -> None:
    root = _own(owner)

    def ready() -> Reached[StackStatus] | str:
        now = status.read(root)
        return Reached(now) if now and now.state is State.READY else "not ready"

    now = wait_for("the stack", ready, timeout=LIMIT)
    os.kill(now.supervisor, signal.SIGKILL)
    leaders = [server.pid for server in now.servers if server.pid]
    family_gone = until(lambda: not any(process.pid in leaders for process in marked_processes(root)), "leaders run")
    wait_for("the servers to die with their supervisor", family_gone, timeout=LIMIT)
    # Its servers get their signal with its first thread; the kernel frees its lock with the last one.
    wait_for("its lock to be free", until(lambda: not leftovers.is_alive(root), "it is held"), timeout=LIMIT)
    leftovers.clear_dead_stacks()
    assert marked_processes(root) == []
    assert not leftovers.is_alive(root)
    assert {path.name for path in root.iterdir()} <= {"logs", "lock", status.FILE}
    start.end(start.start(kept=False))
