"""Breaks a running embedded stack step by step and remembers how to heal it.

Faults act on the stack's own folder and on its servers from outside: they edit a written configuration and restart
the server, stop or pause it, or act as an administrator of a store. Nothing in ``fixtures/`` knows of them.
"""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka.admin import AdminClient

from fixtures.embedded import site
from fixtures.embedded.servers import kafka, postgres
from fixtures.embedded.stack import EmbeddedStack
from fixtures.errors import SuiteError
from fixtures.timeouts import LIMITS
from tests.detection import seeds

SENTRY_CONF = "sentry/sentry.conf.py"


class CannotBreak(SuiteError):
    """The stack is not as the fault expects it: the fault has to be written anew."""


class Workshop:
    """One stack under repair. ``heal`` undoes everything since the last heal."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.site = site.load(root)
        self.stack = EmbeddedStack(root)
        self._files: dict[Path, bytes | None] = {}
        self._folders: list[Path] = []
        self._undo: list[Callable[[], None]] = []
        self._restarted: dict[str, None] = {}

    def later(self, undo: Callable[[], None]) -> None:
        """Remember a step that heals something of the fault's own."""
        self._undo.append(undo)

    # -- files ------------------------------------------------------------------------------------------------
    def edit(self, relative: str, change: Callable[[Any], None]) -> None:
        """Change a JSON or YAML file of the stack in place."""
        path = self._keep(relative)
        document = yaml.safe_load(path.read_text())  # JSON is YAML too
        change(document)
        as_json = path.suffix == ".json"
        path.write_text(json.dumps(document) if as_json else yaml.safe_dump(document, sort_keys=False))

    def write(self, relative: str, text: str, *, append: bool = False) -> None:
        """Write a file or, with ``append``, add to it."""
        path = self._keep(relative)
        if not path.parent.exists():
            path.parent.mkdir()
            self._folders.append(path.parent)
        path.write_text((path.read_text() if append else "") + text)

    def _keep(self, relative: str) -> Path:
        path = self.root / relative
        self._files.setdefault(path, path.read_bytes() if path.exists() else None)
        return path

    # -- code -------------------------------------------------------------------------------------------------
    def patch_sentry(self, module: str, code: str, *servers: str) -> None:
        """Run ``code`` inside a module of the stack's Sentry right after it is loaded, in these servers."""
        self.write("sentry/seeded_fault.py", seeds.after_import(module, code))
        self.write(SENTRY_CONF, "\nimport seeded_fault\n", append=True)
        self.restart(*servers)

    def set_sentry(self, code: str, *servers: str) -> None:
        """Add ``code`` to the settings of the stack's Sentry, in these servers."""
        self.write(SENTRY_CONF, f"\n{code}\n", append=True)
        self.restart(*servers)

    def patch_snuba(self, server: str, module: str, code: str) -> None:
        """Run ``code`` inside a module of one process of the Snuba stand-in before that process starts its work."""
        self.write(f"{server}/fixtures/__init__.py", seeds.shadow(site.PROJECT / "fixtures", module, code))
        self.restart(server)

    # -- servers ----------------------------------------------------------------------------------------------
    def restart(self, *servers: str) -> None:
        """Stop and start servers side by side; ``heal`` does it again once files are restored."""
        self._restarted.update(dict.fromkeys(servers))
        self._restart(servers)

    def _restart(self, servers: tuple[str, ...]) -> None:
        def one(name: str) -> None:
            self.stack.controls.stop(name)
            self.stack.controls.start(name)

        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(one, servers))

    def stop(self, *servers: str) -> None:
        """Stop servers until healed."""
        for name in servers:
            self._undo.append(lambda name=name: self.stack.controls.start(name))  # type: ignore[misc]
            self.stack.controls.stop(name)

    def pause(self, server: str) -> None:
        """Freeze a server until healed."""
        self._undo.append(lambda: self.stack.controls.resume(server))
        self.stack.controls.pause(server)

    # -- stores -----------------------------------------------------------------------------------------------
    def clickhouse(self, statement: str, *, undo: str) -> None:
        """Run a statement as ClickHouse's administrator, and ``undo`` when healed."""
        self._undo.append(lambda: self._clickhouse(undo))
        self._clickhouse(statement)

    def _clickhouse(self, statement: str) -> None:
        identity = self.site.identity("clickhouse-admin-client-tls")
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=seeds.tls(identity)))
        url = f"https://{self.site.endpoint('clickhouse').address}/"
        with urllib.request.build_opener(*handlers).open(url, statement.encode(), LIMITS.http) as answer:
            answer.read()

    def postgres(self, statements: str, *, undo: str) -> None:
        """Run SQL as PostgreSQL's superuser in Sentry's database, and ``undo`` when healed."""
        self._undo.append(lambda: self._postgres(undo))
        self._postgres(statements)

    def _postgres(self, statements: str) -> None:
        done = postgres.psql(self.site, statements, database="sentry")
        if done.returncode != 0:
            raise CannotBreak(f"PostgreSQL refused: {done.stderr.strip()[-300:]}", where="postgres")

    def kafka(self, change: Callable[[AdminClient], None], *, undo: Callable[[AdminClient], None]) -> None:
        """Let ``change`` act as Kafka's administrator, and ``undo`` when healed."""
        identity = self.site.identity("kafka-admin-client-tls")
        options = kafka.client_configuration(self.site.endpoint("kafka").address, identity)
        admin = AdminClient({**options, "log_level": 0})
        self._undo.append(lambda: undo(admin))
        change(admin)

    # -- healing ----------------------------------------------------------------------------------------------
    def heal(self) -> None:
        """Restore files, undo what was done to servers and stores, restart what was restarted.

        :raises CannotBreak: a step of it failed; the others were taken all the same.
        """
        for path, content in self._files.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        steps = [*reversed(self._undo), lambda servers=tuple(self._restarted): self._restart(servers)]  # type: ignore[misc]
        self._files, self._folders, self._undo, self._restarted = {}, [], [], {}
        troubles = [trouble for step in steps if (trouble := _attempt(step))]
        if troubles:
            raise CannotBreak(f"could not be healed: {'; '.join(troubles)}", where=str(self.root))


def _attempt(step: Callable[[], None]) -> str:
    try:
        step()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
