"""Faults of mTLS: a client that has one thing wrong is let in, a store takes a password, a right is too wide.

Each kind of bad client is let in on every link at once by lax TLS servers in front of the listeners. That real servers
can be set up as badly is shown by faults of their configuration.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography import x509

from fixtures import links, pki
from fixtures.mutual_bench import MANIFESTS, SUITE, Mutual, mutual
from fixtures.stack import Identity
from fixtures.timeouts import LIMITS
from fixtures.tls.forging import KINDS, WRONG_NAME
from suites.tls.test_access import FORBIDDEN, IMPOSTORS, KAFKA, LOGINS, ROLES
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE
from tests.detection.faults.stores import _grant, _revoke
from tests.detection.lax import Laxness, Place, stand_before
from tests.detection.workshop import Workshop

MUTUAL, ACCESS = "tls/test_mutual.py::", "tls/test_access.py::"
GOOD, BAD = f"{MUTUAL}test_a_client_is_taken_for_its_user", f"{MUTUAL}test_a_bad_client_is_refused"
STRANGER = f"{MUTUAL}test_valkey_takes_no_certificate_of_a_stranger"
PASSWORD = f"{ACCESS}test_postgres_asks_nobody_for_a_password"
OTHER_ROLE = f"{ACCESS}test_postgres_gives_a_certificate_its_own_role_only"
RIGHTS = f"{ACCESS}test_a_client_of_kafka_has_the_rights_of_its_job"
OTHER_JOB = f"{ACCESS}test_kafka_refuses_what_is_another_clients_job"
LOGIN = f"{ACCESS}test_clickhouse_takes_nobody_without_a_certificate"
OTHER_USER = f"{ACCESS}test_clickhouse_user_is_the_certificates"
ROOT = "internal-ca"
USERS = {
    "sentry": "sentry-client-tls",
    "relay": "relay-client-tls",
    "snuba": "snuba-client-tls",
    "suite": "suite-client-tls",
    "clickhouse-admin": "clickhouse-admin-client-tls",
    "sentry-kafka-internal": "sentry-kafka-internal-tls",
}
FALLBACK = {"kafka": "sentry-kafka-internal-tls", "https": "snuba-client-tls"}
# OpenSSL's codes (x509_vfy.h).
NO_ISSUER, BAD_SIGNATURE, NOT_YET, OVER, SELF_SIGNED, PURPOSE = (20, 21), 7, 9, 10, 18, 26


def _here() -> tuple[Mutual, ...]:
    declared = {(one.client, one.listener) for one in links.declared(MANIFESTS, "embedded")}
    served = {one.name for one in links.listeners(MANIFESTS, "embedded")}
    return tuple(
        one
        for one in mutual()
        if (one.client, one.listener) in declared or (one.client == SUITE and one.listener in served)
    )


HERE = _here()


def bad(*kinds: str, protocol: str = "") -> tuple[str, ...]:
    """The checks of these kinds on every link of the embedded stack, or on those of one protocol."""
    return tuple(
        f"{BAD}[{link.name}-{kind}]"
        for link in HERE
        for kind in kinds
        if protocol in ("", link.protocol) and (link.protocol, kind) != ("redis", WRONG_NAME)
    )


def good(protocol: str = "") -> tuple[str, ...]:
    """That each client is taken for its user."""
    return tuple(f"{GOOD}[{link.name}]" for link in HERE if protocol in ("", link.protocol))


def named(check: str, *rows: tuple[str, ...]) -> tuple[str, ...]:
    """A check by the rows of its table."""
    return tuple(f"{check}[{'-'.join(row)}]" for row in rows)


ELSEWHERE = {
    **{
        name: "not applicable to the embedded stack: it has no such link"
        for link in mutual()
        if link not in HERE
        for name in (f"{GOOD}[{link.name}]", *(f"{BAD}[{link.name}-{kind.name}]" for kind in KINDS))
    },
    STRANGER: "waived: before 9.0 Valkey maps no certificate to a user",
}
"""Links that other stacks have, and what is waived."""


def lax(**how: object) -> Callable[[Workshop], None]:
    """Every mTLS listener behind a TLS server that is lax in this."""

    def inject(workshop: Workshop) -> None:
        known = {user: workshop.site.identity(secret) for user, secret in USERS.items()}
        places = [
            Place(
                name=name,
                protocol=protocol,
                port=workshop.site.ports[name],
                served=next(
                    workshop.site.identity(one.certificate) for one in workshop.stack.wire.listeners if one.name == name
                ),
                users=known,
                fallback=workshop.site.identity(FALLBACK.get(protocol, "sentry-client-tls")),
            )
            for name, protocol in {(link.listener, link.protocol) for link in HERE}
        ]
        ports, end = stand_before(places, Laxness(**how))  # type: ignore[arg-type]
        workshop.later(end)
        workshop.edit("site.json", lambda document: document["ports"].update(ports))

    return inject


def forgiving(*codes: int, issuer: str = "") -> Callable[[Workshop], None]:
    """Lax in these of OpenSSL's complaints, where an issuer of this name signed."""

    def forgives(certificate: x509.Certificate, code: int) -> bool:
        signer = certificate.issuer.rfc4514_string().removeprefix("CN=")
        return code in codes and issuer in ("", signer)

    return lax(forgives=forgives)


def _another_root(workshop: Workshop) -> None:
    folder = tempfile.TemporaryDirectory(prefix="root-")
    workshop.later(folder.cleanup)
    made = pki.issue(Path(folder.name) / "other", authority=pki.foreign_authority("other-ca"), common_name="other")
    lax(trusts=Identity(name="other", folder=made.folder))(workshop)


def _access(rules: str, *, without_ca: bool = False) -> Callable[[Workshop], None]:
    """Other rules in PostgreSQL's pg_hba.conf, taken up by a reload: connections that there are stay."""

    def inject(workshop: Workshop) -> None:
        workshop.write("postgres/pg_hba.conf", rules)
        if without_ca:
            workshop.write("postgres/postgresql.conf", "ssl_ca_file = ''\n", append=True)
        workshop.postgres("SELECT pg_reload_conf()", undo="SELECT pg_reload_conf()")

    return inject


def _valkey(setting: str) -> Callable[[Workshop], None]:
    def inject(workshop: Workshop) -> None:
        workshop.write("valkey/valkey.conf", f"tls-auth-clients {setting}\n", append=True)
        workshop.restart("valkey")

    return inject


EVERYBODY = AclBinding(
    ResourceType.TOPIC,
    "*",
    ResourcePatternType.LITERAL,
    "User:*",
    "*",
    AclOperation.ALL,
    AclPermissionType.ALLOW,
)


def _let_everybody(admin: AdminClient) -> None:
    for future in admin.create_acls([EVERYBODY]).values():
        future.result(LIMITS.http)


def _let_nobody_else(admin: AdminClient) -> None:
    only = AclBindingFilter(
        ResourceType.TOPIC, "*", ResourcePatternType.LITERAL, "User:*", "*", AclOperation.ALL, AclPermissionType.ALLOW
    )
    for future in admin.delete_acls([only]).values():
        future.result(LIMITS.http)


def _kind(name: str, sentence: str, stands_for: str, inject: Callable[[Workshop], None], other: str) -> Fault:
    """A fault that lets one kind of bad client in on every link."""
    return Fault(
        id=f"mtls-lets-in-{name}",
        sentence=sentence,
        stands_for=stands_for,
        inject=inject,
        must_fail=bad(name),
        must_pass=(*good(), *bad(other)),
    )


FAULTS = (
    _kind(
        "none",
        "Every mTLS listener asks for a client certificate, and goes on without one.",
        "client authentication set to optional while clients were moved, and left so",
        lax(demands=False),
        "foreign-ca",
    ),
    _kind(
        "foreign-ca",
        "Every mTLS listener takes client certificates of any CA.",
        "a truststore with one CA too many",
        forgiving(*NO_ISSUER, issuer="foreign-ca"),
        "namesake-ca",
    ),
    _kind(
        "namesake-ca",
        "Every mTLS listener knows its CA by name only.",
        "a verification that compares issuers and no signatures",
        forgiving(*NO_ISSUER, BAD_SIGNATURE, issuer=ROOT),
        "foreign-ca",
    ),
    _kind(
        "self-signed",
        "Every mTLS listener takes certificates that signed themselves.",
        "a flag for test set-ups that was carried into production",
        forgiving(SELF_SIGNED),
        "foreign-ca",
    ),
    _kind(
        "expired",
        "Every mTLS listener takes certificates that are over.",
        "expiry switched off in the night when nothing was renewed",
        forgiving(OVER),
        "not-yet-valid",
    ),
    _kind(
        "not-yet-valid",
        "Every mTLS listener takes certificates before their time.",
        "a check of validity that looks at the end only",
        forgiving(NOT_YET),
        "expired",
    ),
    _kind(
        "server-leaf",
        "Every mTLS listener takes a server's certificate as a client's.",
        "purposes that nobody looks at: any leaf of the CA opens every door",
        forgiving(PURPOSE),
        "expired",
    ),
    _kind(
        WRONG_NAME,
        "Every mTLS listener takes a client for whom it says to be.",
        "a mesh that ends TLS and passes on the user name of the request",
        lax(believes=True),
        "foreign-ca",
    ),
    _kind(
        "plaintext",
        "Every mTLS listener talks without TLS to who begins without it.",
        "a port that takes both while clients were moved",
        lax(plaintext=True),
        "none",
    ),
    Fault(
        id="mtls-trusts-another-ca",
        sentence="Every mTLS listener trusts another CA than the one that signs the clients.",
        stands_for="a CA that was exchanged on the servers' side only",
        inject=_another_root,
        must_fail=good(),
        must_pass=bad("none", "foreign-ca", "expired"),
    ),
    Fault(
        id="postgres-trusts-everybody",
        sentence="PostgreSQL looks at no certificate and trusts everybody, with TLS and without.",
        stands_for="pg_hba.conf set to trust for a repair",
        inject=_access("host all all all trust\n", without_ca=True),
        must_fail=(
            *bad(*(kind.name for kind in KINDS), protocol="postgresql"),
            *named(OTHER_ROLE, *ROLES),
            f"{PASSWORD}[tls]",
        ),
        may_fail=(f"{PASSWORD}[plaintext]",),
        must_pass=(ALIVE, *good("postgresql"), *bad("none", protocol="redis")),
    ),
    Fault(
        id="postgres-verifies-the-ca-only",
        sentence="PostgreSQL demands a certificate and does not compare its name with the role.",
        stands_for="clientcert=verify-ca in place of the method cert",
        inject=_access("hostssl all all all trust clientcert=verify-ca\nhost all all all reject\n"),
        must_fail=(*bad(WRONG_NAME, protocol="postgresql"), *named(OTHER_ROLE, *ROLES)),
        must_pass=(ALIVE, *good("postgresql"), *bad("none", "foreign-ca", "plaintext", protocol="postgresql")),
        quick=True,
    ),
    Fault(
        id="postgres-takes-passwords",
        sentence="PostgreSQL lets Sentry's role log in with a password, with TLS and without.",
        stands_for="a login that a tool without certificates once needed",
        inject=_access("host all sentry all scram-sha-256\nhostssl all all all cert\nhost all all all reject\n"),
        must_fail=(f"{PASSWORD}[tls]", f"{PASSWORD}[plaintext]"),
        must_pass=bad("none", "plaintext", protocol="postgresql"),
    ),
    Fault(
        id="valkey-client-certificates-optional",
        sentence="Valkey asks for a client certificate, and goes on without one.",
        stands_for="tls-auth-clients optional, as the operator has it",
        inject=_valkey("optional"),
        must_fail=bad("none", protocol="redis"),
        must_pass=(ALIVE, *bad("foreign-ca", "expired", "plaintext", protocol="redis")),
        quick=True,
    ),
    Fault(
        id="kafka-everybody-may-everything",
        sentence="Every client of Kafka may do everything with every topic.",
        stands_for="a wildcard that was granted to find out why something did not work",
        inject=lambda workshop: workshop.kafka(_let_everybody, undo=_let_nobody_else),
        must_fail=(*(f"{RIGHTS}[{user}]" for user in KAFKA), *named(OTHER_JOB, *FORBIDDEN)),
        must_pass=(ALIVE, *good("kafka"), *bad("none", "expired", protocol="kafka")),
    ),
    Fault(
        id="kafka-relay-lacks-a-right",
        sentence="Relay's access list has lost one entry.",
        stands_for="access lists rewritten by an operator without one of their entries",
        inject=lambda workshop: workshop.kafka(_revoke, undo=_grant),
        must_fail=(f"{RIGHTS}[relay]",),
        must_pass=(ALIVE, f"{RIGHTS}[snuba]", *named(OTHER_JOB, *FORBIDDEN)),
    ),
    Fault(
        id="clickhouse-takes-users-without-a-certificate",
        sentence="ClickHouse's listener goes on without a client certificate and logs everybody in.",
        stands_for="verification in relaxed mode, and a default user without a password",
        inject=lax(demands=False),
        must_fail=tuple(f"{LOGIN}[{login}]" for login in LOGINS),
        must_pass=(*good("https"), *bad("foreign-ca", protocol="https")),
    ),
    Fault(
        id="clickhouse-believes-the-user-name",
        sentence="ClickHouse takes a client with any certificate for the user that its request names.",
        stands_for="users without a common name in users.xml, behind a listener with client certificates",
        inject=lax(believes=True),
        must_fail=named(OTHER_USER, *IMPOSTORS),
        must_pass=(*good("https"), *bad("none", protocol="https"), *(f"{LOGIN}[{login}]" for login in LOGINS)),
    ),
)
