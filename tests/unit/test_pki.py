"""The certificates are what cert-manager would have made of the same YAML, and bad YAML is refused in a sentence."""

from __future__ import annotations

import datetime
import re
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from fixtures import manifests
from fixtures.errors import BadInput
from fixtures.pki import CA_KEYS, foreign_authority, issue, issue_all, load_authority
from fixtures.pki.secrets import read_certificates, read_key
from fixtures.pki.x509 import CLIENT_AUTH, SERVER_AUTH, common_name
from fixtures.stack import Identity

MANIFESTS = Path(__file__).parents[2] / "manifests"
DOOR = "sentry-door-tls"
CLIENTS = {"relay", "sentry", "snuba", "suite", "postgres", "kafka-admin", "clickhouse-admin", "streaming_replica"}


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Identity]:
    return issue_all(
        MANIFESTS / "pki",
        tmp_path_factory.mktemp("stack") / "pki",
        extra_dns=["localhost"],
        extra_ips=["127.0.0.1"],
        extra_dns_by_secret={DOOR: ["sentry.localhost", "dex.localhost"]},
    )


def _handshake(server: Identity, client: Identity, *, name: str = "localhost") -> str:
    """Let OpenSSL introduce the two to each other in memory; empty when both are content, else who objects to what."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(server.ca))
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.load_cert_chain(server.certificate, server.key)
    calling = ssl.create_default_context(cafile=str(client.ca))
    calling.load_cert_chain(client.certificate, client.key)
    for context in (serving, calling):
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = {
        "client": calling.wrap_bio(down, up, server_hostname=name),
        "server": serving.wrap_bio(up, down, server_side=True),
    }
    for _ in range(4):
        for end, link in ends.items():
            try:
                link.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return f"{end}: {error}"
    return ""


def _names(identity: Identity) -> tuple[list[str], list[str]]:
    leaf = read_certificates(identity.certificate)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName), [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]


def test_every_certificate_of_the_manifests_has_its_secret(issued: Mapping[str, Identity]) -> None:
    read = manifests.load(MANIFESTS / "pki")
    assert set(issued) == {one.spec.secret_name for one in read.certificates}
    for identity in issued.values():
        assert {file.name for file in identity.folder.iterdir()} == {"tls.crt", "tls.key", "ca.crt"}
        assert stat.S_IMODE(identity.key.stat().st_mode) == 0o600


def test_openssl_accepts_every_client_at_every_server(issued: Mapping[str, Identity]) -> None:
    leafs = [one.spec for one in manifests.load(MANIFESTS / "pki").certificates if not one.spec.is_ca]
    servers = [one for one in leafs if SERVER_AUTH in one.usages]
    clients = [one for one in leafs if CLIENT_AUTH in one.usages]
    assert len(servers) >= 7
    assert len(clients) >= 8
    for server in servers:
        for client in clients:
            pair = issued[server.secret_name], issued[client.secret_name]
            assert _handshake(*pair, name=server.dns_names[0].replace("*", "x")) == ""


def test_a_server_certificate_is_no_client_certificate_nor_the_other_way(issued: Mapping[str, Identity]) -> None:
    server, client = issued["sentry-postgres-server-tls"], issued["suite-client-tls"]
    assert re.match("server: .*unsuitable certificate purpose", _handshake(server, issued["dex-tls"]))
    assert re.match("client: .*unsuitable certificate purpose", _handshake(client, client, name="suite"))
    assert _handshake(server, client, name="elsewhere").startswith("client: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert _handshake(issued["sentry-kafka-internal-tls"], issued["sentry-kafka-internal-tls"]) == ""


def test_the_chain_sent_has_intermediates_without_the_root(issued: Mapping[str, Identity]) -> None:
    client, server = issued["suite-client-tls"], issued["dex-tls"]
    root = read_certificates(client.ca)
    assert [common_name(one) for one in read_certificates(client.certificate)] == ["suite", "sentry-ca"]
    assert [common_name(one) for one in read_certificates(server.certificate)] == ["dex"]
    assert [common_name(one) for one in root] == ["internal-ca"]
    assert root[0].issuer == root[0].subject


def test_clients_are_named_by_nothing_but_their_cn(issued: Mapping[str, Identity]) -> None:
    subjects = set()
    for name, identity in issued.items():
        leaf = read_certificates(identity.certificate)[0]
        if name.endswith("-ca-tls"):
            continue
        usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]:
            subjects.add(leaf.subject.rfc4514_string())
    assert subjects == {f"CN={client}" for client in CLIENTS}


def test_embedded_names_go_into_server_certificates_only(issued: Mapping[str, Identity]) -> None:
    dns, addresses = _names(issued["sentry-valkey-server-tls"])
    assert "sentry-valkey.sentry-system.svc.cluster.local" in dns
    assert "localhost" in dns
    assert addresses == ["127.0.0.1"]
    leaf = read_certificates(issued["suite-client-tls"].certificate)[0]
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_the_door_answers_to_public_names_only(issued: Mapping[str, Identity]) -> None:
    dns, addresses = _names(issued[DOOR])
    assert dns == ["sentry.example.test", "dex.example.test", "sentry.localhost", "dex.localhost"]
    assert addresses == []


def test_keys_of_cas_lie_apart(issued: Mapping[str, Identity]) -> None:
    apart = issued["sentry-ca-tls"].folder
    mounted = issued["dex-tls"].folder.parent / "sentry-ca-tls"
    assert apart.parent.name == CA_KEYS
    assert stat.S_IMODE(apart.parent.stat().st_mode) == 0o700
    assert {file.name for file in mounted.iterdir()} == {"tls.crt", "ca.crt"}


def test_keys_are_pkcs8(issued: Mapping[str, Identity]) -> None:
    for identity in issued.values():
        assert identity.key.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")


def test_cas_outlive_their_leafs_three_times_and_keep_their_key() -> None:
    read = manifests.load(MANIFESTS / "pki").certificates
    longest = max(one.spec.duration for one in read if not one.spec.is_ca)
    for authority in [one.spec for one in read if one.spec.is_ca]:
        assert authority.duration > 3 * longest
        assert authority.renew_before is not None
        assert authority.renew_before > longest
        assert authority.private_key.rotation_policy == "Never"


def test_a_renewal_keeps_a_cas_key_and_changes_a_leafs(tmp_path: Path) -> None:
    def public(identity: Identity) -> bytes:
        shape = serialization.PublicFormat.SubjectPublicKeyInfo
        return read_key(identity.folder).public_key().public_bytes(serialization.Encoding.DER, shape)

    first = issue_all(MANIFESTS / "pki", tmp_path / "pki")
    before = {name: public(identity) for name, identity in first.items()}
    second = issue_all(MANIFESTS / "pki", tmp_path / "pki")
    same = {name for name, identity in second.items() if public(identity) == before[name]}
    assert same == {"internal-ca-tls", "sentry-ca-tls"}
    assert not [file for file in (tmp_path / "pki").iterdir() if file.name.startswith(".")]


def test_one_certificate_may_be_expired_or_foreign(issued: Mapping[str, Identity], tmp_path: Path) -> None:
    server, authority = issued["sentry-postgres-server-tls"], load_authority(issued["sentry-ca-tls"].folder)
    now = datetime.datetime.now(datetime.UTC)
    past, future = now - datetime.timedelta(days=1), now + datetime.timedelta(days=1)
    made = {
        "good": issue(tmp_path / "good", authority=authority, common_name="suite"),
        "expired": issue(tmp_path / "expired", authority=authority, common_name="suite", not_after=past),
        "future": issue(tmp_path / "future", authority=authority, common_name="suite", not_before=future),
        "foreign": issue(tmp_path / "foreign", authority=foreign_authority(), common_name="suite"),
    }
    made["foreign"].ca.write_bytes(server.ca.read_bytes())
    objections = {name: _handshake(server, identity) for name, identity in made.items()}
    assert objections.pop("good") == ""
    words = {"expired": "certificate has expired", "future": "not yet valid", "foreign": "local issuer certificate"}
    assert {name for name, said in objections.items() if words[name] in said} == set(words)


def _certificate(name: str, secret: str, issuer: Mapping[str, str], **spec: object) -> dict[str, object]:
    body = {"secretName": secret, "commonName": name, "issuerRef": issuer, **spec}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": "n"},
        "spec": body,
    }


def _issuer(name: str, secret: str) -> dict[str, object]:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": {"name": name, "namespace": "n"},
        "spec": {"ca": {"secretName": secret}},
    }


REFUSALS = {
    "there is no Issuer gone in namespace n": [_certificate("a", "a-tls", {"name": "gone"})],
    "no certificate writes n/gone-tls": [_certificate("a", "a-tls", {"name": "i"}), _issuer("i", "gone-tls")],
    "in a circle: a -> b -> a": [
        _certificate("a", "a-tls", {"name": "by-b"}, isCA=True),
        _certificate("b", "b-tls", {"name": "by-a"}, isCA=True),
        _issuer("by-a", "a-tls"),
        _issuer("by-b", "b-tls"),
    ],
    "Certificate b lacks isCA": [
        _certificate("a", "a-tls", {"name": "by-b"}),
        _certificate("b", "b-tls", {"name": "by-b"}),
        _issuer("by-b", "b-tls"),
    ],
    "two certificates write the secret a-tls": [
        _certificate("a", "a-tls", {"name": "i"}),
        _certificate("b", "a-tls", {"name": "i"}),
    ],
    "spec.keystores: this field is not supported": [_certificate("a", "a-tls", {"name": "i"}, keystores={})],
    "spec.duration: '90d' is no Go duration": [_certificate("a", "a-tls", {"name": "i"}, duration="90d")],
    "renewBefore must be at least 5m": [_certificate("a", "a-tls", {"name": "i"}, renewBefore="1m")],
    "ECDSA keys have no size 2048": [
        _certificate("a", "a-tls", {"name": "i"}, privateKey={"algorithm": "ECDSA", "size": 2048})
    ],
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_yaml_that_cannot_be_honoured_is_refused(sentence: str, tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "bad.yaml").write_text(yaml.safe_dump_all(REFUSALS[sentence]))
    with pytest.raises(BadInput) as refusal:
        issue_all(folder, tmp_path / "stack" / "pki")
    assert sentence in str(refusal.value)
    assert not list(tmp_path.glob("stack/pki/*"))


def test_a_usage_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'ocsp signing' is not supported"):
        issue(tmp_path / "a", authority=foreign_authority(), common_name="a", usages=["ocsp signing"])


def test_extra_names_for_an_unknown_secret_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the secret typo-tls"):
        issue_all(MANIFESTS / "pki", tmp_path / "pki", extra_dns_by_secret={"typo-tls": ["x"]})
