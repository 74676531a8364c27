"""A real API server without nodes: etcd and kube-apiserver as plain processes on loopback, for seconds.

It has no controllers: what it is given stays as it is, with real validation, real RBAC and real server-side apply.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization

from fixtures import pki
from fixtures.clients.kube import Kube, connect
from fixtures.embedded.process import tail
from fixtures.embedded.server import minimal_environment
from fixtures.kubernetes import account
from fixtures.pki import secrets as pki_secrets
from fixtures.waiting import Reached, wait_for
from tests.unit.kubernetes.samples import write_kubeconfig

ADMIN, NOBODY = "system:admin", "nobody"
SUITE = "suite"
READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Programs:
    """The executables."""

    etcd: Path
    kube_apiserver: Path
    controller_manager: Path


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running API server, and a kubeconfig for each of its users."""

    folder: Path
    url: str
    tokens: dict[str, str]
    programs: Programs

    def kubeconfig(self, user: str) -> Path:
        """A kubeconfig of one user; the suite's has a token of its service account, as it would in a cluster."""
        if user == SUITE:
            with self.client() as admin:
                return account.write_kubeconfig(admin, self.folder / "suite.kubeconfig")
        settings = {"certificate-authority": str(self.folder / "tls" / "ca.crt")}
        path = self.folder / f"{user.rpartition(':')[2]}.kubeconfig"
        return write_kubeconfig(path, self.url, user={"token": self.tokens[user]}, **settings)

    @contextlib.contextmanager
    def client(self, user: str = ADMIN) -> Iterator[Kube]:
        """A client of one user."""
        kube = connect(self.kubeconfig(user))
        try:
            yield kube
        finally:
            kube.close()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        links = [held.enter_context(socket.socket()) for _ in range(count)]
        for link in links:
            link.bind(("127.0.0.1", 0))
        return [int(link.getsockname()[1]) for link in links]


@contextlib.contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=minimal_environment()
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(programs: Programs, folder: Path) -> Iterator[ControlPlane]:
    """Start both, wait until the server calls itself ready, end both."""
    client, peer, port = _free_ports(3)
    plane = _prepare(programs, folder, port)
    with (
        _process(_etcd(programs, folder, client, peer), folder / "etcd.log") as etcd,
        _process(_api_server(programs, folder, client, port), folder / "kube-apiserver.log") as server,
    ):

        def probe() -> Reached[None] | str:
            # An administrator is answered before the default roles are made; only /readyz waits for them.
            try:
                answer = requests.get(
                    f"{plane.url}/readyz",
                    headers={"Authorization": f"Bearer {plane.tokens[ADMIN]}"},
                    verify=str(folder / "tls" / "ca.crt"),
                    timeout=5,
                )
            except requests.RequestException as error:
                return str(error)
            return Reached(None) if answer.ok else answer.text

        def ended() -> str | None:
            found = [name for name, one in (("etcd", etcd), ("kube-apiserver", server)) if one.poll() is not None]
            return f"{found[0]} ended: {tail(folder / f'{found[0]}.log', 20)}" if found else None

        wait_for("the API server", probe, timeout=READY_SECONDS, interval=0.2, failed=ended)
        yield plane


@contextlib.contextmanager
def controllers(plane: ControlPlane, *names: str) -> Iterator[None]:
    """Run these controllers as well, for as long as it takes."""
    command = [
        str(plane.programs.controller_manager),
        f"--kubeconfig={plane.kubeconfig(ADMIN)}",
        f"--controllers={','.join(names)}",
        "--bind-address=127.0.0.1",
        f"--secure-port={_free_ports(1)[0]}",
        f"--cert-dir={plane.folder}",
        "--leader-elect=false",
    ]
    with _process(command, plane.folder / "kube-controller-manager.log"):
        yield


def _prepare(programs: Programs, folder: Path, port: int) -> ControlPlane:
    authority = pki.foreign_authority("control-plane-ca")
    pki.issue(
        folder / "tls",
        authority=authority,
        common_name="kube-apiserver",
        usages=["server auth"],
        dns_names=["localhost"],
        ip_addresses=["127.0.0.1"],
    )
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public = pki_secrets.read_key(folder / "tls").public_key()
    (folder / "accounts.pub").write_bytes(public.public_bytes(encoding, form))
    tokens = {user: secrets.token_hex(16) for user in (ADMIN, NOBODY)}
    groups = {ADMIN: ',"system:masters"', NOBODY: ""}
    lines = [f"{token},{user},{user}{groups[user]}" for user, token in tokens.items()]
    (folder / "tokens.csv").write_text("\n".join(lines) + "\n")
    return ControlPlane(folder=folder, url=f"https://localhost:{port}", tokens=tokens, programs=programs)


def _etcd(programs: Programs, folder: Path, client: int, peer: int) -> list[str]:
    here = f"http://127.0.0.1:{client}"
    there = f"http://127.0.0.1:{peer}"
    return [
        str(programs.etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={here}",
        f"--advertise-client-urls={here}",
        f"--listen-peer-urls={there}",
        f"--initial-advertise-peer-urls={there}",
        f"--initial-cluster=default={there}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _api_server(programs: Programs, folder: Path, etcd: int, port: int) -> list[str]:
    tls = folder / "tls"
    return [
        str(programs.kube_apiserver),
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={tls / 'tls.crt'}",
        f"--tls-private-key-file={tls / 'tls.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.pub'}",
        f"--service-account-signing-key-file={tls / 'tls.key'}",
        "--service-cluster-ip-range=10.96.0.0/16",
        # Nobody makes the account that every pod would have to have.
        "--disable-admission-plugins=ServiceAccount",
    ]
