"""Rules of certificates, tried on certificates made for it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509

from fixtures import pki
from fixtures.manifests import PrivateKey
from fixtures.pki import Authority
from fixtures.pki.issuing import now
from fixtures.pki.x509 import CLIENT_AUTH, SERVER_AUTH
from fixtures.tls import chain_rules
from fixtures.tls.keys import key_files, key_id
from fixtures.tls.policy import load

MANIFESTS = Path(__file__).parents[3] / "manifests" / "pki"
POLICY = load()
NAME = "server.example.test"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack")
    pki.issue_all(MANIFESTS, folder / "pki")
    return folder / pki.CA_KEYS


@pytest.fixture(scope="module")
def root(keys: Path) -> Authority:
    return pki.load_authority(keys / "internal-ca-tls")


@pytest.fixture(scope="module")
def signer(keys: Path) -> Authority:
    return pki.load_authority(keys / "sentry-ca-tls")


def _leaf(folder: Path, authority: Authority, **changes: object) -> tuple[x509.Certificate, ...]:
    wanted: dict[str, object] = {"common_name": "server", "usages": (SERVER_AUTH,), "dns_names": (NAME,), **changes}
    made = pki.issue(folder / "leaf", authority=authority, **wanted)  # type: ignore[arg-type]
    return tuple(x509.load_pem_x509_certificates(made.certificate.read_bytes()))


def test_a_server_of_the_chain_is_fine(tmp_path: Path, root: Authority, signer: Authority) -> None:
    chain = _leaf(tmp_path, root)
    top = root.certificate
    assert list(chain_rules.trusted("s", chain, [top], [NAME], now())) == []
    assert list(chain_rules.distrusted("s", chain, signer.certificate, [NAME])) == []
    assert list(chain_rules.server_leaf("s", chain[0], top, [NAME])) == []
    assert list(chain_rules.strength("s", chain[0], POLICY)) == []
    assert list(chain_rules.lifetime("s", chain[0], POLICY, now())) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dns_names": ("elsewhere.test",)}, "lacks the names"),
        ({"usages": (CLIENT_AUTH,)}, "not for server auth"),
    ],
)
def test_a_wrong_server_is_told(tmp_path: Path, root: Authority, changes: dict[str, object], told: str) -> None:
    chain = _leaf(tmp_path, root, **changes)
    assert told in " ".join(one.sentence for one in chain_rules.server_leaf("s", chain[0], root.certificate, [NAME]))
    assert list(chain_rules.trusted("s", chain, [root.certificate], [NAME], now()))


def test_a_server_of_the_clients_ca_is_told(tmp_path: Path, root: Authority, signer: Authority) -> None:
    chain = _leaf(tmp_path, signer)
    assert len(chain) == 2
    assert list(chain_rules.trusted("s", chain, [root.certificate], [NAME], now())) == []
    assert list(chain_rules.distrusted("s", chain, signer.certificate, [NAME]))
    assert list(chain_rules.server_leaf("s", chain[0], root.certificate, [NAME]))


def test_a_stranger_and_an_empty_chain_are_refused(tmp_path: Path, root: Authority) -> None:
    chain = _leaf(tmp_path, pki.foreign_authority())
    assert list(chain_rules.trusted("s", chain, [root.certificate], [NAME], now()))
    assert chain_rules.refusal((), [root.certificate], NAME, now()) == "no certificate is shown"


def test_a_client_names_its_user_and_nothing_else(tmp_path: Path, root: Authority, signer: Authority) -> None:
    good = _leaf(tmp_path, signer, common_name="relay", usages=(CLIENT_AUTH,), dns_names=())[0]
    assert list(chain_rules.client_leaf("c", good, "relay", signer.certificate)) == []
    assert len(list(chain_rules.client_leaf("c", good, "sentry", signer.certificate))) == 1
    bad = _leaf(tmp_path, root, common_name="relay", usages=(CLIENT_AUTH, SERVER_AUTH))[0]
    assert len(list(chain_rules.client_leaf("c", bad, "relay", signer.certificate))) == 3


def test_authorities_sign_and_do_nothing_else(tmp_path: Path, root: Authority, signer: Authority) -> None:
    top = root.certificate
    assert list(chain_rules.authority("internal-ca", top, top, 1)) == []
    assert list(chain_rules.authority("sentry-ca", signer.certificate, top, 0)) == []
    leaf = _leaf(tmp_path, root)[0]
    told = " ".join(one.sentence for one in chain_rules.authority("leaf", leaf, signer.certificate, 0))
    assert all(words in told for words in ("not by CN=sentry-ca", "it is no CA", "does nothing else"))


def test_weak_keys_are_told(tmp_path: Path, root: Authority) -> None:
    strict = POLICY.model_copy(update={"keys": {"RSA": 4096}})
    for key in (PrivateKey(algorithm="RSA", size=2048), PrivateKey(algorithm="ECDSA", size=256)):
        leaf = _leaf(tmp_path, root, private_key=key)[0]
        assert list(chain_rules.strength("s", leaf, POLICY)) == []
        assert len(list(chain_rules.strength("s", leaf, strict))) == 1


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [(-30, -1, "is valid from"), (1, 30, "is valid from"), (0, 91, "lives 91 days")],
)
def test_a_leaf_outside_of_its_time_is_told(tmp_path: Path, root: Authority, start: int, end: int, told: str) -> None:
    days = datetime.timedelta(days=1)
    leaf = _leaf(tmp_path, root, not_before=now() + start * days, not_after=now() + end * days)[0]
    assert [told in one.sentence for one in chain_rules.lifetime("s", leaf, POLICY, now())] == [True]


def test_a_ca_outlives_its_leafs(tmp_path: Path, root: Authority) -> None:
    leaf = _leaf(tmp_path, root, not_after=now() + datetime.timedelta(days=90))[0]
    assert list(chain_rules.outlives("ca", root.certificate, [leaf], POLICY)) == []
    assert list(chain_rules.outlives("ca", pki.foreign_authority().certificate, [leaf], POLICY))


def test_keys_are_found_among_files_by_their_public_half(tmp_path: Path, root: Authority) -> None:
    leaf = _leaf(tmp_path / "given", root)[0]
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "tls.key").write_bytes((tmp_path / "given" / "leaf" / "tls.key").read_bytes())
    (tmp_path / "given" / "broken.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    found = key_files(tmp_path, apart="apart")
    assert [(one.path, one.key, one.open) for one in found] == [
        ("given/leaf/tls.key", key_id(leaf.public_key()), False)
    ]
