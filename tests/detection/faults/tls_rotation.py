"""Faults of renewal: servers and clients that read a copy of their certificate, a store that takes no commands, an
issuer that was replaced, rows that are lost meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from fixtures.embedded.renewal import USERS, EmbeddedRenewals
from fixtures.embedded.server import UNPRIVILEGED
from fixtures.pki import CA_KEYS, foreign_authority, secrets
from fixtures.pki.issuing import secret_files
from tests.detection.fault import Fault
from tests.detection.workshop import CannotBreak, Workshop

SUITE = "tls/test_rotation.py::"
SERVED = f"{SUITE}test_a_renewed_certificate_is_served"
UPSTREAM = f"{SUITE}test_rotation_does_what_upstream_says"
CLIENTS = f"{SUITE}test_clients_go_on"
OTHERS = f"{SUITE}test_the_certificates_of_all_others_can_change"
MOVE = f"{SUITE}test_the_ca_moves_by_a_bundle"
NOT_LOST = f"{SUITE}test_no_acknowledged_event_is_lost"
FOR_ALL = f"{SERVED}[dex]"
COPY = "seeded-copy"


def _copy(workshop: Workshop, secret: str) -> dict[str, str]:
    """Copies of a secret's files, as an image or a subPath mount holds them: where each is, by its name."""
    folder = workshop.site.identity(secret).folder
    for path in folder.iterdir():
        workshop.write(f"{COPY}/{path.name}", path.read_text())
    return {path.name: str(workshop.root / COPY / path.name) for path in folder.iterdir()}


def _replace(workshop: Workshop, relative: str, old: str, new: str) -> None:
    text = (workshop.root / relative).read_text()
    if old not in text:
        raise CannotBreak(f"{relative} does not have {old!r}", where=str(workshop.root / relative))
    workshop.write(relative, text.replace(old, new))


def _postgres(workshop: Workshop) -> None:
    copied = _copy(workshop, "sentry-postgres-server-tls")
    if os.geteuid() == 0:  # it takes only a key of the user that it runs as
        os.chown(copied[secrets.KEY], UNPRIVILEGED, UNPRIVILEGED)
    os.chmod(copied[secrets.KEY], 0o600)  # noqa: PTH101 - beside chown
    lines = f"ssl_cert_file = '{copied[secrets.CERTIFICATE]}'\nssl_key_file = '{copied[secrets.KEY]}'\n"
    workshop.write("postgres/postgresql.conf", lines, append=True)
    # Told to reload, not restarted: Sentry's consumers keep a connection, and one that broke stays broken.
    reload = EmbeddedRenewals(workshop.site)._postgres
    workshop._undo.append(lambda: _forget(reload()))
    reload()


def _forget(_: object) -> None:
    """What is undone answers nothing."""


def _valkey(workshop: Workshop) -> None:
    workshop.write("valkey/valkey.conf", 'rename-command CONFIG ""\n', append=True)
    workshop.restart("valkey")


def _kafka(workshop: Workshop) -> None:
    for name in ("clients", "internal"):
        workshop.write(f"{COPY}/{name}.pem", (workshop.root / "kafka" / f"{name}.pem").read_text())
        used, copied = workshop.root / "kafka" / f"{name}.pem", workshop.root / COPY / f"{name}.pem"
        _replace(workshop, "kafka/server.properties", f"location={used}", f"location={copied}")
    workshop.restart("kafka")


def _reads_a_copy(server: str, relative: str, secret: str, change: Callable[[Any, dict[str, str]], None]) -> Any:  # noqa: ANN401
    def inject(workshop: Workshop) -> None:
        copied = _copy(workshop, secret)
        workshop.edit(relative, lambda document: change(document, copied))
        workshop.restart(server)

    return inject


def _front(document: Any, copied: dict[str, str]) -> None:  # noqa: ANN401
    document.update(certificate=copied[secrets.CERTIFICATE], key=copied[secrets.KEY])


def _dex(document: Any, copied: dict[str, str]) -> None:  # noqa: ANN401
    document["web"].update(tlsCert=copied[secrets.CERTIFICATE], tlsKey=copied[secrets.KEY])


def _door(document: Any, copied: dict[str, str]) -> None:  # noqa: ANN401
    shown = {"certFile": copied[secrets.CERTIFICATE], "keyFile": copied[secrets.KEY]}
    document["tls"]["certificates"] = [shown]


def _relay(document: Any, copied: dict[str, str]) -> None:  # noqa: ANN401
    settings = {entry["name"]: entry for entry in document["processing"]["kafka_config"]}
    settings["ssl.key.location"]["value"] = copied[secrets.KEY]


def _snuba(document: Any, copied: dict[str, str]) -> None:  # noqa: ANN401
    document["tls"]["key"] = copied[secrets.KEY]


def _sentry(workshop: Workshop) -> None:
    """Nothing is restarted now: that is what the renewal will do, and none of them will come back."""
    copied = _copy(workshop, "sentry-client-tls")
    change = {"ssl.key.location": copied[secrets.KEY]}
    workshop.edit("sentry/settings.json", lambda document: document["kafka"].update(change))
    workshop._restarted.update(dict.fromkeys(server for group in USERS["sentry-client-tls"] for server in group))


def _foreign_issuer(workshop: Workshop) -> None:
    """Healed by issuing again what was issued meanwhile, once the first issuer is back."""
    foreign = foreign_authority("sentry-ca")
    for name, content in secret_files(foreign, foreign.certificate, foreign.key, "PKCS8").items():
        workshop.write(f"{CA_KEYS}/sentry-ca-tls/{name}", content.decode())
    workshop._undo.append(lambda: _renew_clients(EmbeddedRenewals(workshop.site)))


def _renew_clients(renewals: EmbeddedRenewals) -> None:
    for one in renewals.certificates():
        if not one.listeners:
            renewals.renew(one.secret)


def _drops(workshop: Workshop) -> None:
    code = """
            real_row, seen = error_row, [0]
            def error_row(message, origin):
                seen[0] += 1
                if seen[0] % 3 == 0:
                    raise BadMessage("seeded")
                return real_row(message, origin)
            """
    workshop.patch_snuba("snuba-consumer", "fixtures.embedded.snuba.rows", code)


FAULTS = (
    Fault(
        id="rotation-postgres-copy",
        sentence="PostgreSQL reads its certificate from a copy that nobody renews.",
        stands_for="a certificate mounted by subPath, which never changes in a running pod",
        inject=_postgres,
        must_fail=(f"{SERVED}[postgres]", f"{UPSTREAM}[postgres]"),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-valkey-deaf",
        sentence="Valkey takes no CONFIG command, and nobody restarts it.",
        stands_for="a hardened or managed Valkey whose certificate ends while it runs (valkey issue 3020)",
        inject=_valkey,
        must_fail=(f"{SERVED}[valkey]", f"{UPSTREAM}[valkey]", MOVE),
        must_pass=(FOR_ALL,),
        quick=True,
    ),
    Fault(
        id="rotation-kafka-copy",
        sentence="Kafka's key stores are copies that nobody renews.",
        stands_for="a custom listener's certificate that the operator was never told of",
        inject=_kafka,
        must_fail=(
            *(f"{SERVED}[{name}]" for name in ("kafka", "kafka-internal", "kafka-controller")),
            f"{UPSTREAM}[kafka]",
        ),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-clickhouse-copy",
        sentence="ClickHouse reads its certificate from a copy that nobody renews.",
        stands_for="the old certificate served until a restart (Altinity's chart, issue 49)",
        inject=_reads_a_copy("clickhouse", "clickhouse/front.json", "sentry-clickhouse-server-tls", _front),
        must_fail=(f"{SERVED}[clickhouse]", f"{UPSTREAM}[clickhouse]"),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-dex-copy",
        sentence="Dex reads its certificate from a copy that nobody renews.",
        stands_for="a provider that serves what it was started with until it ends (dex issue 2274)",
        inject=_reads_a_copy("dex", "dex/config.yaml", "dex-tls", _dex),
        must_fail=(f"{SERVED}[dex]", f"{UPSTREAM}[dex]"),
        must_pass=(f"{SERVED}[postgres]",),
    ),
    Fault(
        id="rotation-door-copy",
        sentence="The door reads its certificate from a copy that nobody renews.",
        stands_for="another secret for the same host that wins silently (traefik issues 9893 and 10463)",
        inject=_reads_a_copy("traefik", "traefik/routes.yml", "sentry-door-tls", _door),
        must_fail=(f"{SERVED}[door]", f"{UPSTREAM}[traefik]"),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-relay-old-key",
        sentence="Relay's key is a copy, its certificate is not: after a renewal they do not fit.",
        stands_for="a key mounted by subPath beside a certificate that is not",
        inject=_reads_a_copy("relay", "relay/config.yml", "relay-client-tls", _relay),
        must_fail=(f"{CLIENTS}[relay]",),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-snuba-old-key",
        sentence="The key of Snuba's consumer is a copy, its certificate is not: after a renewal they do not fit.",
        stands_for="a key mounted by subPath beside a certificate that is not",
        inject=_reads_a_copy("snuba-consumer", "snuba-consumer/consumer.json", "snuba-client-tls", _snuba),
        must_fail=(f"{CLIENTS}[snuba]",),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-sentry-old-key",
        sentence="Sentry's key for Kafka is a copy, its certificate is not: after a renewal they do not fit.",
        stands_for="a key mounted by subPath beside a certificate that is not",
        inject=_sentry,
        must_fail=(f"{CLIENTS}[sentry-worker]",),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-foreign-issuer",
        sentence="The issuer of client certificates was made anew, and nobody trusts it.",
        stands_for="the secret of an issuer that was deleted and made again by cert-manager",
        inject=_foreign_issuer,
        must_fail=(OTHERS,),
        must_pass=(FOR_ALL,),
    ),
    Fault(
        id="rotation-loses-events",
        sentence="Snuba's consumer drops every third event while certificates change.",
        stands_for="messages that cannot be read and are skipped for want of a dead-letter queue",
        inject=_drops,
        must_fail=(NOT_LOST,),
        must_pass=(FOR_ALL,),
    ),
)
