"""A stack of toy servers under the real supervisor: ``python -m tests.unit.toy_stack FOLDER PLAN [--kept]``.

PLAN is JSON: a list of {name, needs, script, ready_seconds}; each script is a Python program that makes the file
``up`` in its folder when it is ready.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fixtures.embedded.server import Server, minimal_environment
from fixtures.embedded.supervisor import Supervisor
from fixtures.stack import Component, Provenance


def server(root: Path, plan: dict[str, Any]) -> Server:
    """One toy."""
    folder = root / plan["name"]
    folder.mkdir(exist_ok=True)
    up = folder / "up"
    up.unlink(missing_ok=True)
    return Server(
        name=plan["name"],
        component=Component(name=plan["name"], version="1", provenance=Provenance.STAND_IN),
        command=(sys.executable, "-I", "-S", "-c", plan["script"]),
        folder=folder,
        environment=minimal_environment(),
        ready=lambda: None if up.exists() else "no file yet",
        needs=tuple(plan.get("needs", ())),
        ready_seconds=plan.get("ready_seconds", 20.0),
        stop_seconds=2.0,
    )


def main() -> int:
    """Run the toys until told to end."""
    root, plan, kept = Path(sys.argv[1]), json.loads(sys.argv[2]), "--kept" in sys.argv
    supervisor = Supervisor(root, [server(root, one) for one in plan], kept=kept, door_port=1)
    if not kept:
        supervisor.watch_parent(sys.stdin.fileno())
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
