"""The scan of a server of ours: what it accepts, shows, and says to whom; and the rules that judge it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures import pki
from fixtures.pki.x509 import SERVER_AUTH
from fixtures.stack import Endpoint, Identity, LinkPolicy
from fixtures.tls import server_rules
from fixtures.tls.policy import ListenerPolicy, load
from fixtures.tls.scan import Scan, scan, scan_all
from fixtures.tls.words import key_of, rows, subject_of
from fixtures.wire import Listener
from tests.detection.impostor import Guise, Impostor

POLICY = load()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return _identity(tmp_path_factory.mktemp("own"), "server")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return _identity(tmp_path_factory.mktemp("other"), "another")


def _identity(folder: Path, name: str) -> Identity:
    authority = pki.foreign_authority()
    return pki.issue(
        folder / name, authority=authority, common_name=name, usages=(SERVER_AUTH,), dns_names=("localhost",)
    )


@contextmanager
def _scanned(guise: Guise, protocol: str = "https") -> Iterator[Scan]:
    server = Impostor(guise, postgres=protocol == "postgresql")
    try:
        yield scan(_listener(server.port, protocol))
    finally:
        server.close()


def _listener(port: int, protocol: str = "https") -> Listener:
    endpoint = Endpoint(host="localhost", port=port)
    return Listener(
        name="server", component="any", port=port, protocol=protocol, policy=LinkPolicy.TLS, endpoint=endpoint
    )


@pytest.mark.parametrize("protocol", ["https", "postgresql"])
def test_a_sound_server_has_no_findings(own: Identity, protocol: str) -> None:
    with _scanned(Guise(identity=own), protocol) as seen:
        assert (seen.trouble, seen.accepted) == ("", ("TLS 1.2", "TLS 1.3"))
        assert [
            *server_rules.versions(seen, POLICY),
            *server_rules.suites(seen, POLICY),
            *server_rules.names(seen),
        ] == []
        assert not seen.stranger.asked
        assert [subject_of(one) for one in seen.stranger.chain] == ["CN=server"]
        assert rows(seen.stranger.chain)[0][3] == "localhost"
        assert key_of(seen.stranger.chain[0]) == ("ECDSA", 256)


def test_old_versions_and_weak_suites_are_seen(own: Identity) -> None:
    guise = Guise(identity=own, lowest=ssl.TLSVersion.TLSv1, ciphers="ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    with _scanned(guise) as seen:
        told = [finding.sentence for finding in server_rules.versions(seen, POLICY)]
        assert told == ["it accepts TLS 1.0", "it accepts TLS 1.1"]
        weak = " ".join(finding.sentence for finding in server_rules.suites(seen, POLICY))
        assert all(kind in weak for kind in ("null (", "anonymous (", "cbc (", "short-tag ("))


def test_an_exception_excuses_what_it_names(own: Identity) -> None:
    excused = {"server": ListenerPolicy(exceptions={"TLS 1.0": "an old client", "TLS 1.1": "an old client"})}
    policy = POLICY.model_copy(update={"listeners": excused})
    with _scanned(Guise(identity=own, lowest=ssl.TLSVersion.TLSv1, ciphers="ECDHE:@SECLEVEL=0")) as seen:
        assert list(server_rules.versions(seen, policy)) == []
        assert list(server_rules.suites(seen, policy)) != []


def test_another_certificate_for_other_names_is_seen(own: Identity, other: Identity) -> None:
    with _scanned(Guise(identity=own, names=("localhost",), stranger=other)) as seen:
        told = [finding.sentence for finding in server_rules.names(seen)]
        assert [sentence.partition(" it shows")[0] for sentence in told] == [
            "to no server name",
            "to a name that nobody has",
        ]
        assert all("CN=another" in sentence for sentence in told)


def test_what_cannot_be_reached_is_trouble_and_no_refusal() -> None:
    found = scan_all([_listener(1)])["server"]
    assert "cannot be reached" in found.trouble
    assert found.accepted == ()
    missing = Listener(name="x", component="x", port=1, protocol="https", policy=LinkPolicy.TLS)
    assert scan(missing).trouble == "this process cannot reach it"
    assert [finding.sentence for finding in server_rules.versions(found, POLICY)] == [
        "it does not accept TLS 1.3: it was not asked"
    ]
