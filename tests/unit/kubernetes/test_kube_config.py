"""Clusters as users have them: a private CA, a proxy, a credential program; and kubeconfigs that cannot be used."""

from __future__ import annotations

import base64
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import pki
from fixtures.clients import kube_config
from fixtures.clients.kube import Kube, connect
from fixtures.clients.kube_errors import Unreachable
from fixtures.errors import BadInput, SetupFailed
from tests.unit.kubernetes.connect_proxy import proxy
from tests.unit.kubernetes.fake_api import FakeCluster, served
from tests.unit.kubernetes.samples import NAMESPACE, write_kubeconfig

TOKEN = "token-of-a-credential-program"
PROGRAM = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"}}'
"""


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    made = pki.foreign_authority("private-cluster-ca")
    pki.issue(tmp_path / "server", authority=made, common_name="api", usages=["server auth"], dns_names=["localhost"])
    return made


@pytest.fixture
def private(cluster: FakeCluster, authority: pki.Authority, tmp_path: Path) -> Iterator[str]:
    """The fake cluster behind TLS by a CA that nobody trusts by default."""
    assert authority.chain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server" / "tls.crt", tmp_path / "server" / "tls.key")
    with served(cluster, context) as url:
        yield url


def _program(folder: Path, text: str = PROGRAM % TOKEN) -> dict[str, object]:
    path = folder / "credentials"
    path.write_text(text)
    path.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), "interactiveMode": "Never"}}


def _used(kube: Kube) -> str:
    """Use it for a plain call and for a WebSocket; the version, as proof of an answer."""
    try:
        assert kube.pods(NAMESPACE) == []
        assert kube.execute(NAMESPACE, "p", ["true"]).exit_code == 0
        return kube.version
    finally:
        kube.close()


def test_a_cluster_with_a_private_ca_a_proxy_and_a_credential_program(
    cluster: FakeCluster, private: str, tmp_path: Path
) -> None:
    cluster.token = TOKEN
    ca = base64.b64encode((tmp_path / "server" / "ca.crt").read_bytes()).decode()
    with proxy() as (url, tunnels):
        settings = {"certificate-authority-data": ca, "proxy-url": url}
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", private, user=_program(tmp_path), **settings)
        before = kubeconfig.read_text()
        assert _used(connect(kubeconfig)) == "1.34.4"
    assert len(tunnels) >= 2
    assert set(tunnels) == {private.removeprefix("https://")}
    assert kubeconfig.read_text() == before


def test_a_private_ca_that_is_not_named_is_not_trusted(private: str, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="certificate verify failed"):
        connect(write_kubeconfig(tmp_path / "kubeconfig", private))


def test_a_client_certificate_inside_the_kubeconfig_is_kept_where_it_is_told(
    cluster: FakeCluster, authority: pki.Authority, tmp_path: Path
) -> None:
    identity = pki.issue(tmp_path / "client", authority=authority, common_name="someone")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server" / "tls.crt", tmp_path / "server" / "tls.key")
    context.load_verify_locations(identity.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    user = {
        "client-certificate-data": base64.b64encode(identity.certificate.read_bytes()).decode(),
        "client-key-data": base64.b64encode(identity.key.read_bytes()).decode(),
    }
    folder = tmp_path / "private"
    with served(cluster, context) as url:
        kubeconfig = write_kubeconfig(
            tmp_path / "kubeconfig", url, user=user, **{"certificate-authority": "server/ca.crt"}
        )
        assert _used(connect(kubeconfig, secrets_folder=folder)) == "1.34.4"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (len(list(folder.iterdir())), modes) == (2, {0o600})


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("#!/bin/sh\necho log in first >&2; exit 3\n", "gave no credential: exec: process returned 3. log in first"),
        ("#!/bin/sh\necho '{\"a\": 1}'\n", "gave no credential: exec: malformed response. missing key 'apiVersion'"),
    ],
)
def test_a_credential_program_that_fails_is_an_error(server: str, tmp_path: Path, program: str, sentence: str) -> None:
    with pytest.raises(SetupFailed, match=sentence):
        kube_config.read(write_kubeconfig(tmp_path / "k", server, user=_program(tmp_path, program)))


def test_a_credential_program_that_is_not_installed_is_an_error(server: str, tmp_path: Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-program"}}
    with pytest.raises(SetupFailed, match=r"gave no credential: .*no-such-program"):
        kube_config.read(write_kubeconfig(tmp_path / "k", server, user=user))


def test_a_context_is_chosen_or_refused(server: str, tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "k", server)
    found = kube_config.read(path, "here")
    assert (found.context, found.namespace, found.server) == ("here", NAMESPACE, server)
    with pytest.raises(BadInput, match=r"Expected object with name there in .*contexts list"):
        kube_config.read(path, "there")


@pytest.mark.parametrize("text", ["", "hello", "[]", "a: [", "clusters: 3", "current-context: x"])
def test_what_is_no_kubeconfig_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(BadInput, match="the kubeconfig cannot be used") as refusal:
        kube_config.read(tmp_path / "k")
    assert "\n" not in str(refusal.value)


def test_without_a_kubeconfig_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    monkeypatch.delenv(kube_config.IN_CLUSTER, raising=False)
    with pytest.raises(BadInput, match="there is no kubeconfig"):
        kube_config.read(None)
    with pytest.raises(BadInput, match="the kubeconfig is no file"):
        kube_config.read(tmp_path / "gone")


def test_a_pod_without_a_token_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    monkeypatch.setenv(kube_config.IN_CLUSTER, "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(BadInput, match="this pod's service account cannot be used: Service token file does not exist"):
        kube_config.read(None)


def test_the_environment_names_it(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "k", server)))
    assert kube_config.read(None).server == server
