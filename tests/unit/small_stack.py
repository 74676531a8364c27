"""A stack of single servers for tests: a site with real certificates and ports, and servers run one by one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from fixtures import pki
from fixtures.embedded.process import tail
from fixtures.embedded.server import UNPRIVILEGED, Server, Site, minimal_environment
from fixtures.embedded.site import DOOR_NAMES, MANIFESTS, allocate_ports
from fixtures.embedded.tools import Tools
from fixtures.stack import Identity
from fixtures.waiting import Reached, wait_for


@contextlib.contextmanager
def temporary_site(tools: Tools) -> Iterator[Site]:
    """A stack's folder under /tmp itself: pytest's own folders are closed to the user that PostgreSQL runs as."""
    root = Path(tempfile.mkdtemp(prefix="small-stack-"))
    try:
        root.chmod(0o755)
        names = {"sentry-door-tls": DOOR_NAMES}
        pki.issue_all(
            MANIFESTS / "pki",
            root / "pki",
            extra_dns=["localhost"],
            extra_ips=["127.0.0.1"],
            extra_dns_by_secret=names,
        )
        foreign = pki.foreign_authority()
        for client in ("suite", "relay"):
            pki.issue(root / "pki" / f"foreign-{client}-tls", authority=foreign, common_name=client)
        yield Site(root=root, ports=allocate_ports(), tools=tools, manifests=MANIFESTS)
    finally:
        shutil.rmtree(root)


@contextlib.contextmanager
def running(site: Site, server: Server) -> Iterator[subprocess.Popen[bytes]]:
    """Start one server as the supervisor would, wait until it is ready, stop it at the end."""
    log = site.root / f"{server.name}.log"
    who = _if_root(server.user)
    with log.open("ab") as output:
        process = subprocess.Popen(
            server.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=server.folder,
            env=server.environment,
            user=who,
            group=who,
            extra_groups=None if who is None else [],
        )

    def probe() -> Reached[None] | str:
        seen = server.ready()
        return Reached(None) if seen is None else seen

    try:
        wait_for(
            server.name,
            probe,
            timeout=server.ready_seconds,
            failed=lambda: None if process.poll() is None else f"it exited with {process.poll()}",
            details=lambda: tail(log),
        )
        if server.once_ready:
            server.once_ready()
        yield process
    finally:
        process.send_signal(server.stop_signal)
        try:
            process.wait(server.stop_seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _if_root(user: int | None) -> int | None:
    """Only root can run something as another user."""
    return user if os.geteuid() == 0 else None


def new_database(tools: Tools, folder: Path) -> Path:
    """An empty, cleanly stopped PGDATA."""
    data = folder / "pgdata"
    data.mkdir(mode=0o700)
    who = _if_root(UNPRIVILEGED)
    if who is not None:
        os.chown(data, who, who)
    command = [str(tools.postgres_bin / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*command, "--no-locale", "--no-sync", "--no-instructions"],
        check=True,
        capture_output=True,
        cwd="/",
        env=minimal_environment(),
        user=who,
        group=who,
        extra_groups=None if who is None else [],
        timeout=60,
    )
    return data


def tls_client(ca: Path, identity: Identity | None = None, *, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client that would really offer ``newest``: this side's own policy must not be what refuses."""
    context = ssl.create_default_context(cafile=str(ca))
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    if newest:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
    return context
