"""Every TLS listener from outside: versions, suites, the chain it serves, and what it shows to whoever asks wrongly."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from fixtures.evidence import Recorder
from fixtures.pki.x509 import certificate_pem
from fixtures.servers_bench import LISTENERS, Servers
from fixtures.telling import tell
from fixtures.timeouts import LIMITS
from fixtures.tls import chain_rules, server_rules
from fixtures.tls.hello import open_link
from fixtures.wire import Listener

every_listener = pytest.mark.parametrize("name", LISTENERS)


@pytest.mark.requirement("TLS-007")
@every_listener
def test_only_current_versions_are_accepted(servers: Servers, record: Recorder, name: str) -> None:
    """The listener accepts TLS 1.2 and 1.3 at most, and TLS 1.3 in any case."""
    tell(tuple(server_rules.versions(servers.scan(name, record), servers.policy)), record)


@pytest.mark.requirement("TLS-007")
@every_listener
def test_weak_suites_are_refused(servers: Servers, record: Recorder, name: str) -> None:
    """The listener accepts no suite without forward secrecy and authenticated encryption."""
    scan = servers.scan(name, record)
    assert any(scan.suites.values()), f"{name} accepts no suite that was offered"
    tell(tuple(server_rules.suites(scan, servers.policy)), record)


@pytest.mark.requirement("TLS-007")
@every_listener
def test_an_unknown_name_gets_no_other_certificate(servers: Servers, record: Recorder, name: str) -> None:
    """A client that asks for no name or for an unknown one is refused, or sees the listener's own certificate."""
    tell(tuple(server_rules.names(servers.scan(name, record))), record)


@pytest.mark.requirement("TLS-007", "PKI-002")
@every_listener
def test_the_served_chain_is_trusted_under_its_name(servers: Servers, record: Recorder, name: str) -> None:
    """A client that trusts ca.crt and asks for the listener's own name accepts what it serves."""
    chain, listener = servers.chain(name, record), servers.listener(name)
    assert listener.endpoint is not None
    names = tuple(dict.fromkeys((listener.endpoint.host, *listener.names)))
    tell(tuple(chain_rules.trusted(name, chain, servers.trust(), names, servers.now)), record)


@pytest.mark.requirement("TLS-007", "PKI-002")
@every_listener
def test_a_client_with_the_wrong_root_refuses(servers: Servers, record: Recorder, tmp_path: Path, name: str) -> None:
    """A client that trusts only the signer of clients, sentry-ca, refuses the server."""
    assert servers.chain(name, record)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(certificate_pem(servers.signer()))
    refusal = _verify(servers.listener(name), roots, servers)
    record.evidence("refusal", refusal or "none: accepted")
    assert "CERTIFICATE_VERIFY_FAILED" in refusal, f"{name} is trusted by sentry-ca alone: {refusal or 'accepted'}"


def _verify(listener: Listener, roots: Path, servers: Servers) -> str:
    """The refusal of a client that trusts these roots, also where they are no self-signed ones."""
    assert listener.endpoint is not None
    context = ssl.create_default_context(cafile=str(roots))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client = servers.client()
    if client is not None:
        context.load_cert_chain(client.certificate, client.key)
    try:
        with open_link(listener.endpoint, listener.protocol, LIMITS.handshake) as link:
            context.wrap_socket(link, server_hostname=listener.endpoint.host).close()
    except ssl.SSLError as error:
        return str(error)
    return ""
