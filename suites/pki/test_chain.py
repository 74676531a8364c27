"""The chain as it is served and mounted: who signed what, for whom, how strong and how long, and who has a CA's key."""

from __future__ import annotations

import pytest

from fixtures.evidence import Recorder
from fixtures.servers_bench import LISTENERS, Servers, certificates_of, client_secrets
from fixtures.stack import Capability, Stack
from fixtures.telling import tell
from fixtures.tls import chain_rules
from fixtures.tls.keys import key_id
from fixtures.tls.words import COLUMNS, rows, subject_of
from fixtures.verdicts import require

CLIENTS = client_secrets()
every_listener = pytest.mark.parametrize("name", LISTENERS)
every_client = pytest.mark.parametrize("secret", CLIENTS)


@pytest.mark.requirement("PKI-001")
def test_the_chain_goes_from_the_root_to_the_signer_of_clients(servers: Servers, record: Recorder) -> None:
    """internal-ca signed itself and sentry-ca; both may sign, with room for what is below, and do nothing else."""
    root, signer = servers.root(), servers.signer()
    record.grid("authorities", COLUMNS, rows((root, signer)))
    found = (*chain_rules.authority("internal-ca", root, root, 1), *chain_rules.authority("sentry-ca", signer, root, 0))
    tell(found, record)


@pytest.mark.requirement("PKI-003")
def test_trust_is_the_root_and_nothing_else(servers: Servers, record: Recorder) -> None:
    """The ca.crt of sentry-ca-tls, which services mount for trust, is internal-ca alone: self-signed, not sentry-ca."""
    trust, signer = servers.trust(), servers.signer()
    record.grid("trust", COLUMNS, rows((*trust, signer)))
    assert [subject_of(one) for one in trust] == ["CN=internal-ca"], "ca.crt is not internal-ca alone"
    assert chain_rules.signed_by(trust[0], trust[0]), "ca.crt is not self-signed: some clients take no other root"
    assert subject_of(signer) == "CN=sentry-ca", f"sentry-ca-tls holds {subject_of(signer)}"


@pytest.mark.requirement("PKI-002")
@every_listener
def test_a_served_chain_verifies_with_ca_crt_only(servers: Servers, record: Recorder, name: str) -> None:
    """What a listener serves verifies with sentry-ca-tls' ca.crt, and not with its tls.crt."""
    chain, names = servers.chain(name, record), servers.services(servers.listener(name))
    good = chain_rules.trusted(name, chain, servers.trust(), names[:1], servers.now)
    tell((*good, *chain_rules.distrusted(name, chain, servers.signer(), names)), record)


@pytest.mark.requirement("PKI-002")
@every_listener
def test_a_server_certificate_is_for_its_services(servers: Servers, record: Recorder, name: str) -> None:
    """internal-ca signed it, for server auth, with every name by which the design's clients reach the server."""
    chain, services = servers.chain(name, record), servers.services(servers.listener(name))
    record.evidence("names of the design", list(services))
    tell(tuple(chain_rules.server_leaf(name, chain[0], servers.root(), services)), record)


@pytest.mark.requirement("PKI-005")
@every_client
def test_a_client_certificate_names_its_user_only(servers: Servers, record: Recorder, secret: str) -> None:
    """sentry-ca signed it, for client auth alone, and its subject is exactly CN=<user>."""
    leaf = certificates_of(servers.secret(secret).certificate)[0]
    record.grid("client certificate", COLUMNS, rows((leaf,)))
    tell(tuple(chain_rules.client_leaf(secret, leaf, CLIENTS[secret], servers.signer())), record)


@pytest.mark.requirement("PKI-005")
def test_no_two_clients_share_a_key(servers: Servers, record: Recorder) -> None:
    """Every client has a key of its own, so that each can be replaced without the others."""
    leafs = {secret: certificates_of(servers.secret(secret).certificate)[0] for secret in CLIENTS}
    users: dict[str, list[str]] = {}
    for secret, leaf in leafs.items():
        users.setdefault(key_id(leaf.public_key()), []).append(secret)
    record.grid("keys of clients", ("key", "secrets"), [(key[:16], ", ".join(each)) for key, each in users.items()])
    assert all(len(each) == 1 for each in users.values()), f"shared: {[each for each in users.values() if each[1:]]}"


@pytest.mark.requirement("PKI-009")
@every_listener
def test_a_served_certificate_is_strong_and_current(servers: Servers, record: Recorder, name: str) -> None:
    """Every certificate that is served is strong, and the leaf is valid now and lives no longer than allowed."""
    chain = servers.chain(name, record)
    strong = [finding for one in chain for finding in chain_rules.strength(name, one, servers.policy)]
    tell((*strong, *chain_rules.lifetime(name, chain[0], servers.policy, servers.now)), record)


@pytest.mark.requirement("PKI-009")
@every_client
def test_a_client_certificate_is_strong_and_current(servers: Servers, record: Recorder, secret: str) -> None:
    """Every client's certificate is strong, valid now, and lives no longer than allowed."""
    leaf = certificates_of(servers.secret(secret).certificate)[0]
    record.grid("client certificate", COLUMNS, rows((leaf,)))
    strong = chain_rules.strength(secret, leaf, servers.policy)
    tell((*strong, *chain_rules.lifetime(secret, leaf, servers.policy, servers.now)), record)


@pytest.mark.requirement("PKI-009")
@pytest.mark.parametrize("name", ["internal-ca", "sentry-ca"])
def test_a_ca_is_strong_and_outlives_its_leafs(servers: Servers, record: Recorder, name: str) -> None:
    """A CA is strong and lives at least three times as long as the longest leaf of the stack."""
    own = servers.root() if name == "internal-ca" else servers.signer()
    leafs = [certificates_of(servers.secret(one).certificate)[0] for one in CLIENTS]
    reached = [one.name for one in servers.listeners.values() if one.endpoint and one.certificate]
    leafs += [leaf for one in reached for leaf in servers.scan(one, record).shown.chain[:1]]
    strong = chain_rules.strength(name, own, servers.policy)
    tell((*strong, *chain_rules.outlives(name, own, leafs, servers.policy)), record)


@pytest.mark.requirement("PKI-004")
def test_no_component_is_given_the_key_of_a_ca(servers: Servers, stack: Stack, record: Recorder) -> None:
    """Among the files that components are given, no private key is that of a CA."""
    require(stack, Capability.FILES, Capability.IDENTITIES)
    names = {key_id(one.public_key()): subject_of(one) for one in (servers.root(), servers.signer())}
    keys = stack.wire.keys()
    record.grid(
        "private keys", ("file", "key", "open to all"), [(one.path, one.key[:16], str(one.open)) for one in keys]
    )
    assert keys, "no private key was found at all, so nothing was judged"
    found = [f"{one.path} is the key of {names[one.key]}" for one in keys if one.key in names]
    assert not found, f"{'; '.join(found)}; next: mount ca.crt only"


@pytest.mark.requirement("PKI-004")
def test_private_keys_are_closed_to_others(stack: Stack, record: Recorder) -> None:
    """No private key that components are given can be read by others than its owner and group."""
    require(stack, Capability.FILES)
    keys = stack.wire.keys()
    record.grid(
        "private keys", ("file", "key", "open to all"), [(one.path, one.key[:16], str(one.open)) for one in keys]
    )
    assert keys, "no private key was found at all, so nothing was judged"
    assert not [one.path for one in keys if one.open], f"open to all: {[one.path for one in keys if one.open]}"
