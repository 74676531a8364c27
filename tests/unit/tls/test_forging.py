"""Forged clients differ from the good one in the one thing that they are named for."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from pathlib import Path

import pytest

from fixtures.pki import Authority, foreign_authority, issue, secrets
from fixtures.pki.x509 import SERVER_AUTH, common_name
from fixtures.stack import Identity
from fixtures.tls.forging import KINDS, WRONG_NAME, Forge, Kind, Shown, root_name
from fixtures.tls.words import purposes

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return foreign_authority("the-root")


@pytest.fixture(scope="module")
def good(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return issue(tmp_path_factory.mktemp("good") / "relay", authority=authority, common_name="relay")


@pytest.fixture
def forge(authority: Authority, good: Identity, tmp_path: Path) -> Forge:
    return Forge(folder=tmp_path / "bad", ca=good.ca, user="relay", root_name=root_name(good), authority=authority)


def _met_by(authority: Authority, shown: Shown, folder: Path) -> str:
    """What OpenSSL's server side says to such a client, empty where it takes it."""
    served = issue(
        folder, authority=authority, common_name="localhost", usages=(SERVER_AUTH,), dns_names=("localhost",)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.certificate, served.key)
    context.load_verify_locations(served.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    said: list[str] = []
    here, there = socket.socketpair()

    def serve() -> None:
        with there:
            try:
                context.wrap_socket(there, server_side=True).close()
            except ssl.SSLCertVerificationError as error:
                said.append(error.verify_message)
            except OSError as error:
                said.append(str(error))

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=str(shown.ca))
    if shown.identity:
        client.load_cert_chain(shown.identity.certificate, shown.identity.key)
    with here:
        try:
            with client.wrap_socket(here, server_hostname="localhost") as link:
                link.recv(1)
        except OSError:
            pass
    thread.join()
    return "".join(said)


REASONS = {
    "none": "peer did not return a certificate",
    "foreign-ca": "unable to get local issuer certificate",
    "namesake-ca": "unable to get local issuer certificate",
    "self-signed": "self-signed certificate",
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "server-leaf": "unsuitable certificate purpose",
    WRONG_NAME: "",
}


@pytest.mark.parametrize("name", REASONS)
def test_each_kind_is_refused_for_its_own_reason(name: str, forge: Forge, authority: Authority, tmp_path: Path) -> None:
    said = _met_by(authority, BY_NAME[name].make(forge), tmp_path / "server")
    assert REASONS[name].lower() in said.lower().replace("_", " ")
    assert bool(said) == bool(REASONS[name])


def test_every_kind_is_tried_here() -> None:
    assert set(REASONS) | {"plaintext"} == set(BY_NAME)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.name not in ("none", "plaintext")], ids=lambda k: k.name
)
def test_all_but_the_wrong_name_name_the_user(kind: Kind, forge: Forge) -> None:
    shown = kind.make(forge)
    assert shown.identity is not None
    leaf = secrets.read_certificates(shown.identity.certificate)[0]
    assert (common_name(leaf) == "relay") == (kind.name != WRONG_NAME)
    assert purposes(leaf) == (("server auth",) if kind.name == "server-leaf" else ("client auth",))
    moment = datetime.datetime.now(datetime.UTC)
    assert (leaf.not_valid_before_utc <= moment) == (kind.name != "not-yet-valid")
    assert (leaf.not_valid_after_utc < moment) == (kind.name == "expired")
    assert shown.ca == forge.ca


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.signed], ids=lambda kind: kind.name)
def test_without_the_cas_key_no_signed_kind_can_be_made(kind: Kind, good: Identity, tmp_path: Path) -> None:
    forge = Forge(folder=tmp_path / "bad", ca=good.ca, user="relay", root_name="the-root")
    with pytest.raises(LookupError, match="cannot be made here"):
        kind.make(forge)
