"""A leaf is issued again as cert-manager would, beside others that stay; a second chain leaves the first alone."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import pytest

from fixtures.embedded.clickhouse.front import FrontConfig, Renewal, tls_context
from fixtures.errors import BadInput
from fixtures.pki import CA_KEYS, issue_all, issue_authorities, load_authority, renew, secrets
from fixtures.pki.x509 import common_name

MANIFESTS = Path(__file__).parents[3] / "manifests" / "pki"
SECRET, OTHER = "sentry-clickhouse-server-tls", "relay-client-tls"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    issue_all(MANIFESTS, tmp_path / "pki", extra_dns=["localhost"])
    return tmp_path


def _all(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_renewal_changes_one_secret_only(root: Path) -> None:
    before = _all(root)
    identity = renew(MANIFESTS, root / "pki", SECRET, authorities=root / CA_KEYS, extra_dns=["localhost"])
    changed = {path for path, content in _all(root).items() if before[path] != content}
    assert changed == {identity.certificate, identity.key}
    (leaf,) = secrets.read_certificates(identity.certificate)
    leaf.verify_directly_issued_by(load_authority(root / CA_KEYS / "internal-ca-tls").certificate)
    assert list(root.joinpath("pki").glob(".*")) == []


def test_a_renewal_takes_the_trust_that_it_is_given(root: Path) -> None:
    after = issue_authorities(MANIFESTS, root / "next" / "pki")
    roots = [load_authority(folder / "internal-ca-tls").top for folder in (root / CA_KEYS, after)]
    identity = renew(MANIFESTS, root / "pki", OTHER, authorities=after, trust=roots)
    assert secrets.read_certificates(identity.ca) == roots
    leaf, intermediate = secrets.read_certificates(identity.certificate)
    assert (common_name(leaf), common_name(intermediate)) == ("relay", "sentry-ca")
    intermediate.verify_directly_issued_by(roots[1])


def test_a_second_chain_leaves_the_first_alone(root: Path) -> None:
    before = _all(root)
    after = issue_authorities(MANIFESTS, root / "next" / "pki")
    assert {path: content for path, content in _all(root).items() if path in before} == before
    assert {path.name for path in after.iterdir()} == {"internal-ca-tls", "sentry-ca-tls"}
    assert after.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("secret", ["internal-ca-tls", "no-such-tls"])
def test_only_leafs_are_renewed(root: Path, secret: str) -> None:
    with pytest.raises(BadInput, match=f"no leaf certificate writes the secret {secret}"):
        renew(MANIFESTS, root / "pki", secret, authorities=root / CA_KEYS)


def test_there_is_no_instant_without_a_secret(root: Path) -> None:
    path, missing, stop = root / "pki" / SECRET / "tls.crt", [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                path.read_bytes()
            except OSError as error:
                missing.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        renew(MANIFESTS, root / "pki", SECRET, authorities=root / CA_KEYS)
    stop.set()
    reader.join()
    assert missing == []


def _shown(context: ssl.SSLContext, client: ssl.SSLContext) -> bytes:
    """The certificate that a server with this context shows, in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    calling = client.wrap_bio(down, up, server_hostname="localhost")
    serving = context.wrap_bio(up, down, server_side=True)
    for _ in range(3):
        for end in (calling, serving):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return calling.getpeercert(binary_form=True) or b""


def test_the_clickhouse_front_serves_a_renewed_certificate_and_keeps_it_while_a_broken_one_lies_there(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root / "pki" / SECRET
    config = FrontConfig(
        host="127.0.0.1",
        port=1,
        data=root,
        certificate=folder / "tls.crt",
        key=folder / "tls.key",
        ca=folder / "ca.crt",
    )
    context, client = tls_context(config), ssl.create_default_context(cafile=str(config.ca))
    client.load_cert_chain(root / "pki" / OTHER / "tls.crt", root / "pki" / OTHER / "tls.key")
    renewal = Renewal(config, context)
    first = _shown(context, client)
    renew(MANIFESTS, root / "pki", SECRET, authorities=root / CA_KEYS, extra_dns=["localhost"])
    assert _shown(context, client) == first
    renewal.look()
    second = _shown(context, client)
    assert second != first
    (folder / "tls.key").write_bytes((root / "pki" / OTHER / "tls.key").read_bytes())
    renewal.look()
    assert _shown(context, client) == second
    assert "cannot be used" in capsys.readouterr().out
