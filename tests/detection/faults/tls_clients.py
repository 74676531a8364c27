"""Faults of the clients' side of TLS: a component that encrypts and does not verify, in its own configuration.

``settings.json`` and ``config.yml`` are Sentry's, as on Kubernetes; Snuba's verification is in its code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fixtures.tls.false_servers import FALSE_SERVERS
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE
from tests.detection.workshop import Workshop

CHECK = "tls/test_clients.py::test_a_client_turns_away_from_a_false_server"
BOTH = tuple(false.name for false in FALSE_SERVERS)
FOREIGN, NAME = "foreign-ca", "wrong-name"
SETTINGS, OPTIONS, ROUTES = "sentry/settings.json", "sentry/config.yml", "traefik/routes.yml"
WORKER = ("sentry-ingest-events", "sentry-forwarder")
Change = Callable[[Any], None]


def meets(link: str, *kinds: str) -> tuple[str, ...]:
    """The checks of one client at one server."""
    return tuple(f"{CHECK}[{link}-{kind}]" for kind in kinds)


def _sentry(*edits: tuple[str, Change]) -> Callable[[Workshop], None]:
    def inject(workshop: Workshop) -> None:
        for file, change in edits:
            workshop.edit(file, change)
        workshop.restart("sentry-web", *WORKER)

    return inject


def _postgres(**options: str) -> tuple[str, Change]:
    return SETTINGS, lambda document: document["postgres"]["OPTIONS"].update(options)


def _valkey(**options: object) -> tuple[tuple[str, Change], ...]:
    return (
        (SETTINGS, lambda document: document["cache"]["tls"].update(options)),
        (OPTIONS, lambda document: document["redis.clusters"]["default"]["client_args"].update(options)),
    )


def _relay(name: str, value: str) -> Callable[[Workshop], None]:
    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        entries = document["processing"]["kafka_config"]
        document["processing"]["kafka_config"] = [
            *(entry for entry in entries if entry["name"] != name),
            {"name": name, "value": value},
        ]

    def inject(workshop: Workshop) -> None:
        workshop.edit("relay/config.yml", change)
        workshop.restart("relay")

    return inject


def _sidecar(workshop: Workshop) -> None:
    text = (workshop.root / "relay-sidecar" / "nginx.conf").read_text()
    workshop.write("relay-sidecar/nginx.conf", text.replace("proxy_ssl_verify on;", "proxy_ssl_verify off;"))
    workshop.restart("relay-sidecar")


def _traefik(workshop: Workshop) -> None:
    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        document["http"]["serversTransports"]["dex"]["insecureSkipVerify"] = True

    workshop.edit(ROUTES, change)
    workshop.restart("traefik")


# Sentry and arroyo take no setting of librdkafka that is not on a list of theirs; this one is not.
SENTRY_KAFKA = """
    def _trusting(kind):
        class Trusting(kind):
            def __init__(self, settings, *rest, **more):
                super().__init__({**settings, "enable.ssl.certificate.verification": False}, *rest, **more)

        return Trusting

    Consumer, Producer = _trusting(Consumer), _trusting(Producer)
"""
# The stand-in's consumer takes its settings of Kafka from a function, and of ClickHouse from clickhouse-connect.
SNUBA_KAFKA = """
    import confluent_kafka

    class Consumer(confluent_kafka.Consumer):
        def __init__(self, settings, *rest, **more):
            super().__init__({**settings, "enable.ssl.certificate.verification": False}, *rest, **more)

    confluent_kafka.Consumer = Consumer
"""
SNUBA_CLICKHOUSE = """
    def _trusting(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.certificate, self.key)
        return context

    Tls.context = _trusting
"""
SETTINGS_MODULE = "fixtures.embedded.snuba.settings"

FAULTS = (
    Fault(
        id="sentry-postgres-unverified",
        sentence="Sentry encrypts its way to PostgreSQL and verifies nothing.",
        stands_for="sslmode=require, without a root certificate",
        inject=_sentry(_postgres(sslmode="require", sslrootcert="/nonexistent/ca.crt")),
        must_fail=(*meets("sentry-web-postgres", *BOTH), *meets("sentry-worker-postgres", *BOTH)),
        must_pass=(ALIVE,),
    ),
    Fault(
        id="sentry-postgres-unnamed",
        sentence="Sentry verifies PostgreSQL's CA and not its name.",
        stands_for="sslmode=verify-ca in place of verify-full",
        inject=_sentry(_postgres(sslmode="verify-ca")),
        must_fail=(*meets("sentry-web-postgres", NAME), *meets("sentry-worker-postgres", NAME)),
        must_pass=(*meets("sentry-web-postgres", FOREIGN), *meets("sentry-worker-postgres", FOREIGN)),
    ),
    Fault(
        id="sentry-valkey-unverified",
        sentence="Sentry encrypts its way to Valkey and verifies nothing.",
        stands_for="ssl_cert_reqs=none, as many examples have it",
        inject=_sentry(*_valkey(ssl_cert_reqs="none", ssl_check_hostname=False)),
        must_fail=(*meets("sentry-web-valkey", *BOTH), *meets("sentry-worker-valkey", *BOTH)),
        must_pass=meets("relay-valkey", *BOTH),
    ),
    Fault(
        id="sentry-valkey-unnamed",
        sentence="Sentry verifies Valkey's CA and not its name.",
        stands_for="redis-py before 6, which does not look at names unless it is told to",
        inject=_sentry(*_valkey(ssl_check_hostname=False)),
        must_fail=(*meets("sentry-web-valkey", NAME), *meets("sentry-worker-valkey", NAME)),
        must_pass=(*meets("sentry-web-valkey", FOREIGN), *meets("relay-valkey", *BOTH)),
    ),
    Fault(
        id="sentry-kafka-unverified",
        sentence="Sentry encrypts its way to Kafka and verifies nothing.",
        stands_for="a patched image from the time when a CA was changed",
        inject=lambda workshop: workshop.patch_sentry("confluent_kafka", SENTRY_KAFKA, "sentry-web", *WORKER),
        must_fail=(*meets("sentry-web-kafka", *BOTH), *meets("sentry-worker-kafka", *BOTH)),
        must_pass=(*meets("relay-kafka", *BOTH), *meets("snuba-kafka", *BOTH)),
    ),
    Fault(
        id="relay-kafka-unverified",
        sentence="Relay encrypts its way to Kafka and verifies nothing.",
        stands_for="enable.ssl.certificate.verification=false, set while a CA was changed",
        inject=_relay("enable.ssl.certificate.verification", "false"),
        must_fail=meets("relay-kafka", *BOTH),
        must_pass=meets("snuba-kafka", *BOTH),
    ),
    Fault(
        id="relay-kafka-unnamed",
        sentence="Relay verifies Kafka's CA and not its name.",
        stands_for="ssl.endpoint.identification.algorithm=none, because a certificate lacked a name",
        inject=_relay("ssl.endpoint.identification.algorithm", "none"),
        must_fail=meets("relay-kafka", NAME),
        must_pass=(*meets("relay-kafka", FOREIGN), *meets("snuba-kafka", *BOTH)),
    ),
    Fault(
        id="relay-sidecar-unverified",
        sentence="Relay's sidecar encrypts its way to Valkey and verifies nothing.",
        stands_for="proxy_ssl_verify, which nginx has off unless it is told to",
        inject=_sidecar,
        must_fail=meets("relay-valkey", *BOTH),
        must_pass=(*meets("sentry-web-valkey", *BOTH), *meets("sentry-worker-valkey", *BOTH)),
    ),
    Fault(
        id="snuba-kafka-unverified",
        sentence="Snuba encrypts its way to Kafka and verifies nothing.",
        stands_for="enable.ssl.certificate.verification=false, set while a CA was changed",
        inject=lambda workshop: workshop.patch_snuba("snuba-consumer", SETTINGS_MODULE, SNUBA_KAFKA),
        must_fail=meets("snuba-kafka", *BOTH),
        must_pass=meets("relay-kafka", *BOTH),
    ),
    Fault(
        id="snuba-clickhouse-unverified",
        sentence="Snuba's API encrypts its way to ClickHouse and verifies nothing.",
        stands_for="CLICKHOUSE_VERIFY left empty",
        inject=lambda workshop: workshop.patch_snuba("snuba-api", SETTINGS_MODULE, SNUBA_CLICKHOUSE),
        must_fail=meets("snuba-clickhouse", *BOTH),
        must_pass=(ALIVE,),
    ),
    Fault(
        id="traefik-dex-unverified",
        sentence="Traefik encrypts its way to Dex and verifies nothing.",
        stands_for="insecureSkipVerify, which ends every complaint of a proxy",
        inject=_traefik,
        must_fail=meets("traefik-dex", *BOTH),
        must_pass=(ALIVE,),
    ),
)
