"""Faults of the chain: wrong CAs, wrong clients' certificates, and keys where they do not belong."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fixtures import pki
from fixtures.pki import secrets
from fixtures.pki.issuing import now
from fixtures.pki.x509 import CLIENT_AUTH, SERVER_AUTH, Request, build, certificate_pem
from fixtures.servers_bench import SIGNER, client_secrets
from tests.detection.fault import Fault
from tests.detection.faults.names import each
from tests.detection.faults.tls_names import AUTHORITIES, CHAIN, NO_CA_KEY, ROOT, WRONG_ROOT, ago, here
from tests.detection.workshop import Workshop

CLIENTS = client_secrets()
ITS_USER = f"{CHAIN}test_a_client_certificate_names_its_user_only"
OWN_KEYS = f"{CHAIN}test_no_two_clients_share_a_key"
CLIENT_STRONG = f"{CHAIN}test_a_client_certificate_is_strong_and_current"
TRUST = f"{CHAIN}test_trust_is_the_root_and_nothing_else"
OUTLIVES = f"{CHAIN}test_a_ca_is_strong_and_outlives_its_leafs"
CLOSED = f"{CHAIN}test_private_keys_are_closed_to_others"


def _copy(workshop: Workshop, source: Path, secret: str) -> None:
    """Lay a certificate with its key over that of a secret."""
    for name in (secrets.CERTIFICATE, secrets.KEY):
        workshop.write(f"pki/{secret}/{name}", (source / name).read_text())


def _clients(**changes: Any) -> Callable[[Workshop], None]:  # noqa: ANN401 - of pki.issue
    """Every client's certificate issued again, right but for what is changed."""

    def inject(workshop: Workshop) -> None:
        signer = pki.load_authority(workshop.root / pki.CA_KEYS / SIGNER)
        wanted = {key: value(workshop) if callable(value) else value for key, value in changes.items()}
        with tempfile.TemporaryDirectory() as folder:
            for secret, user in CLIENTS.items():
                made = pki.issue(Path(folder) / secret, **{"authority": signer, "common_name": user, **wanted})
                _copy(workshop, made.folder, secret)

    return inject


def _shared(workshop: Workshop) -> None:
    _copy(workshop, workshop.root / "pki" / "snuba-client-tls", "relay-client-tls")


def _authorities(usages: Mapping[str, tuple[str, ...]], days: int) -> Callable[[Workshop], None]:
    """Both CAs' certificates signed again with the same keys, for these usages and days."""

    def inject(workshop: Workshop) -> None:
        root = pki.load_authority(workshop.root / pki.CA_KEYS / ROOT)
        for secret, own in ((ROOT, root), (SIGNER, pki.load_authority(workshop.root / pki.CA_KEYS / SIGNER))):
            request = Request(
                key=own.key,
                common_name=secret.removesuffix("-tls"),
                dns_names=(),
                ip_addresses=(),
                usages=usages[secret],
                is_ca=True,
                not_before=now(),
                not_after=now() + datetime.timedelta(days=days),
            )
            signed = build(request, signer=None if secret == ROOT else (root.certificate, root.key))
            file = "ca.crt" if secret == ROOT else "tls.crt"
            workshop.write(f"pki/{SIGNER}/{file}", certificate_pem(signed).decode())

    return inject


SIGNING = ("digital signature", "cert sign", "crl sign")


def _intermediate_as_trust(workshop: Workshop) -> None:
    workshop.write(f"pki/{SIGNER}/ca.crt", (workshop.root / "pki" / SIGNER / "tls.crt").read_text())


def _whole_secret(workshop: Workshop) -> None:
    key = (workshop.root / pki.CA_KEYS / SIGNER / "tls.key").read_text()
    (workshop.root / "pki" / SIGNER / "tls.key").touch(mode=0o600)
    workshop.later((workshop.root / "pki" / SIGNER / "tls.key").unlink)
    (workshop.root / "pki" / SIGNER / "tls.key").write_text(key)


def _open_key(workshop: Workshop) -> None:
    workshop.write("seeded/tls.key", (workshop.root / "pki" / "suite-client-tls" / "tls.key").read_text())
    (workshop.root / "seeded" / "tls.key").chmod(0o644)


FAULTS = (
    Fault(
        id="pki-clients-of-the-wrong-ca",
        sentence="Every client's certificate is signed by internal-ca, which signs servers.",
        stands_for="an issuerRef that names the cluster's issuer for a client",
        inject=_clients(authority=lambda workshop: pki.load_authority(workshop.root / pki.CA_KEYS / ROOT)),
        must_fail=each(ITS_USER, *CLIENTS),
        must_pass=(OWN_KEYS, *each(CLIENT_STRONG, *CLIENTS)),
    ),
    Fault(
        id="pki-clients-for-anything",
        sentence="Every client's certificate is for server auth too, with a server's name.",
        stands_for="one certificate for both sides, because that is less to write",
        inject=_clients(usages=(CLIENT_AUTH, SERVER_AUTH), dns_names=("localhost",)),
        must_fail=each(ITS_USER, *CLIENTS),
        must_pass=(OWN_KEYS, *each(CLIENT_STRONG, *CLIENTS)),
    ),
    Fault(
        id="pki-clients-for-years",
        sentence="Every client's certificate lives for ten years.",
        stands_for="certificates made by hand so that nobody needs to renew them",
        inject=_clients(not_after=ago(days=-3650)),
        must_fail=(*each(CLIENT_STRONG, *CLIENTS), OUTLIVES),
        must_pass=(OWN_KEYS, *each(ITS_USER, *CLIENTS)),
    ),
    Fault(
        id="pki-clients-share-a-key",
        sentence="Relay has Snuba's certificate.",
        stands_for="one certificate for all of the platform",
        inject=_shared,
        must_fail=(OWN_KEYS, *each(ITS_USER, "relay-client-tls")),
        must_pass=(AUTHORITIES, *each(ITS_USER, "snuba-client-tls")),
        quick=True,
    ),
    Fault(
        id="pki-authorities-for-anything",
        sentence="The CAs may act as servers too.",
        stands_for="a CA made with the default usages",
        inject=_authorities(dict.fromkeys((ROOT, SIGNER), (*SIGNING, SERVER_AUTH)), 3650),
        must_fail=(AUTHORITIES,),
        may_fail=(TRUST,),
        must_pass=(OWN_KEYS, NO_CA_KEY, *here(WRONG_ROOT)),
    ),
    Fault(
        id="pki-authorities-for-a-month",
        sentence="The CAs live for a month, their leafs for three.",
        stands_for="the default duration, which is meant for leafs",
        inject=_authorities(dict.fromkeys((ROOT, SIGNER), SIGNING), 30),
        must_fail=(OUTLIVES,),
        may_fail=(TRUST,),
        must_pass=(AUTHORITIES, OWN_KEYS),
    ),
    Fault(
        id="pki-trust-in-the-intermediate",
        sentence="The ca.crt that is mounted for trust is the intermediate.",
        stands_for="a secret put together by hand from the wrong file",
        inject=_intermediate_as_trust,
        must_fail=(TRUST,),
        may_fail=(AUTHORITIES,),
        must_pass=(OWN_KEYS, NO_CA_KEY),
    ),
    Fault(
        id="pki-whole-secret-mounted",
        sentence="Servers are given the whole secret sentry-ca-tls, its key included.",
        stands_for="a volume that mounts a CA's secret without naming its items",
        inject=_whole_secret,
        must_fail=(NO_CA_KEY,),
        must_pass=(CLOSED, AUTHORITIES),
        quick=True,
    ),
    Fault(
        id="pki-key-open-to-all",
        sentence="A client's private key can be read by everybody.",
        stands_for="a secret's default mode, 0644",
        inject=_open_key,
        must_fail=(CLOSED,),
        must_pass=(NO_CA_KEY, AUTHORITIES),
    ),
)
