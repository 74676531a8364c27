"""Faults of TLS listeners: what they accept, and the certificate that they show."""

from __future__ import annotations

import ssl

from fixtures.pki.x509 import CLIENT_AUTH
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE, each
from tests.detection.faults.tls_names import (
    AUTHORITIES,
    DEFAULT,
    ONLY_CA,
    SERVICES,
    STRONG,
    SUITES,
    TRUSTED,
    UNKNOWN,
    VERSIONS,
    WRONG_ROOT,
    ago,
    foreign,
    here,
    impostors,
    leaf,
    namespace_ca,
    short_rsa,
)
from tests.detection.workshop import Workshop

OLD_OPENSSL = "DEFAULT:@SECLEVEL=0"


def _old_valkey(workshop: Workshop) -> None:
    path = workshop.root / "valkey" / "valkey.conf"
    text = path.read_text().replace('"TLSv1.2 TLSv1.3"', '"TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"')
    lines = [line for line in text.splitlines() if not line.startswith("tls-ciphers")]
    workshop.write("valkey/valkey.conf", "\n".join([*lines, f"tls-ciphers {OLD_OPENSSL}", ""]))
    workshop.restart("valkey")


def _old_postgres(workshop: Workshop) -> None:
    settings = f"ssl_min_protocol_version = 'TLSv1'\nssl_ciphers = '{OLD_OPENSSL}'\n"
    workshop.write("postgres/postgresql.conf", settings, append=True)
    # A restart would break the connections that Sentry keeps.
    workshop.postgres("SELECT pg_reload_conf()", undo="SELECT pg_reload_conf()")


def _old_door(workshop: Workshop) -> None:
    def change(document: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
        options = document["tls"]["options"]["default"]
        options["minVersion"] = "VersionTLS10"
        options["cipherSuites"] = [*options["cipherSuites"], "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"]  # type: ignore[misc]

    workshop.edit("traefik/routes.yml", change)
    workshop.restart("traefik")


FAULTS = (
    Fault(
        id="tls-old-versions-everywhere",
        sentence="Every TLS listener accepts TLS 1.0 and 1.1.",
        stands_for="a security level lowered for one old client, and never raised again",
        inject=impostors(lowest=ssl.TLSVersion.TLSv1, ciphers=OLD_OPENSSL),
        must_fail=here(VERSIONS),
        may_fail=here(SUITES),
        must_pass=here(TRUSTED),
    ),
    Fault(
        id="tls-weak-suites-everywhere",
        sentence="Every TLS listener accepts each suite that OpenSSL still has, unencrypted and anonymous ones too.",
        stands_for="a list of ciphers copied from an old guide",
        inject=impostors(ciphers="ALL:COMPLEMENTOFALL:@SECLEVEL=0"),
        must_fail=here(SUITES),
        must_pass=here(VERSIONS, TRUSTED),
    ),
    Fault(
        id="tls-other-certificate-for-other-names",
        sentence="Whoever asks for no name or an unknown one is shown another certificate.",
        stands_for="the self-signed default certificate of a proxy, which nobody took out",
        inject=impostors(stranger=leaf(authority=foreign, common_name="TRAEFIK DEFAULT CERT")),
        must_fail=(*here(UNKNOWN), DEFAULT),
        must_pass=here(TRUSTED),
    ),
    Fault(
        id="tls-foreign-certificates",
        sentence="Every listener shows a certificate of a CA that nobody trusts.",
        stands_for="certificates that an operator made itself, because its settings for ours were lost",
        inject=impostors(leaf(authority=foreign)),
        must_fail=here(TRUSTED, ONLY_CA, SERVICES),
        must_pass=here(UNKNOWN, STRONG),
    ),
    Fault(
        id="tls-expired-certificates",
        sentence="Every listener shows a certificate that has ended an hour ago.",
        stands_for="a renewed certificate that the server never loaded",
        inject=impostors(leaf(not_before=ago(days=30), not_after=ago(hours=1))),
        must_fail=here(STRONG, TRUSTED, ONLY_CA),
        must_pass=here(VERSIONS, SERVICES),
    ),
    Fault(
        id="tls-certificates-for-ten-years",
        sentence="Every listener shows a certificate that lives for ten years.",
        stands_for="a certificate made by hand so that nobody needs to renew it",
        inject=impostors(leaf(not_after=ago(days=-3650))),
        must_fail=here(STRONG),
        must_pass=here(TRUSTED, SERVICES),
    ),
    Fault(
        id="tls-short-keys",
        sentence="Every listener shows a certificate with an RSA key of 1024 bits.",
        stands_for="a key made by a tool of twenty years ago",
        inject=impostors(short_rsa),
        must_fail=here(STRONG),
        may_fail=here(TRUSTED, ONLY_CA),
        must_pass=here(SERVICES, UNKNOWN),
    ),
    Fault(
        id="tls-servers-of-the-clients-ca",
        sentence="Every listener shows a certificate that sentry-ca signed, which signs clients.",
        stands_for="an issuerRef that names the namespace's issuer for a server",
        inject=impostors(leaf(authority=namespace_ca)),
        must_fail=here(WRONG_ROOT, ONLY_CA, SERVICES),
        must_pass=(AUTHORITIES, *here(TRUSTED, STRONG)),
    ),
    Fault(
        id="tls-wrong-names",
        sentence="Every listener shows a certificate of another host.",
        stands_for="a certificate copied from another environment",
        inject=impostors(leaf(dns_names=("elsewhere.example.test",))),
        must_fail=here(TRUSTED, ONLY_CA, SERVICES),
        must_pass=here(STRONG, UNKNOWN),
    ),
    Fault(
        id="tls-servers-without-server-auth",
        sentence="Every listener shows a certificate that is for client auth only.",
        stands_for="usages copied from a client's certificate",
        inject=impostors(leaf(usages=(CLIENT_AUTH,))),
        must_fail=here(SERVICES, TRUSTED),
        may_fail=here(ONLY_CA),
        must_pass=here(STRONG),
    ),
    Fault(
        id="valkey-accepts-old-versions",
        sentence="Valkey accepts TLS 1.0 and 1.1 and weak suites.",
        stands_for="tls-protocols widened for an old client library",
        inject=_old_valkey,
        must_fail=each(VERSIONS, "valkey") + each(SUITES, "valkey"),
        must_pass=(ALIVE, *each(VERSIONS, "postgres"), *each(TRUSTED, "valkey")),
        quick=True,
    ),
    Fault(
        id="postgres-accepts-old-versions",
        sentence="PostgreSQL accepts TLS 1.0 and 1.1 and weak suites.",
        stands_for="ssl_min_protocol_version lowered for an old driver",
        inject=_old_postgres,
        must_fail=each(VERSIONS, "postgres") + each(SUITES, "postgres"),
        must_pass=(ALIVE, *each(VERSIONS, "valkey"), *each(TRUSTED, "postgres")),
    ),
    Fault(
        id="door-accepts-old-versions",
        sentence="The door accepts TLS 1.0 and 1.1, and a suite with CBC.",
        stands_for="a TLSOption written for one old browser",
        inject=_old_door,
        must_fail=each(VERSIONS, "door") + each(SUITES, "door"),
        must_pass=(ALIVE, DEFAULT, *each(TRUSTED, "door")),
    ),
)
