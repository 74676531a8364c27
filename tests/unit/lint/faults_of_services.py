"""Faults in logins, applications, the values of Sentry's chart, and topics."""

from __future__ import annotations

from tests.unit.lint.draft import Draft, put
from tests.unit.lint.faults import Fault


def _dex(draft: Draft, old: str, new: str) -> None:
    data = draft.one("ConfigMap", "dex-config")["data"]
    assert old in data["config.yaml"]
    data["config.yaml"] = data["config.yaml"].replace(old, new)


def _code(draft: Draft, name: str, old: str, new: str) -> None:
    """Change a text of the chart's settings."""
    config = draft.value("config")
    assert old in config[name]
    config[name] = config[name].replace(old, new)


def _proxy(draft: Draft, old: str, new: str) -> None:
    data = draft.one("ConfigMap", "clickhouse-proxy")["data"]
    assert old in data["nginx.conf"]
    data["nginx.conf"] = data["nginx.conf"].replace(old, new)


def _no_key(draft: Draft, path: str, name: str) -> None:
    draft.value(path)[:] = [one for one in draft.value(path) if one["name"] != name]


LOGIN = (
    Fault(
        rule="redirects-agree",
        name="a redirect without its slash",
        seed=lambda d: _dex(d, "/auth/sso/", "/auth/sso"),
    ),
    Fault(
        rule="redirects-agree",
        name="Sentry thinks it has another name",
        seed=lambda d: d.value("system").update(url="https://errors.example.test"),
    ),
    Fault(
        rule="issuer-agrees",
        name="the issuer of another host",
        seed=lambda d: _dex(d, "issuer: https://dex.example.test/dex", "issuer: https://sso.example.test/dex"),
    ),
    Fault(
        rule="issuer-agrees",
        name="Sentry asks for tokens elsewhere",
        seed=lambda d: _code(d, "sentryConfPy", "dex.example.test/dex/token", "dex.example.test/token"),
    ),
    Fault(rule="dex-offers", name="no GitHub", seed=lambda d: _dex(d, "type: github", "type: gitlab")),
    Fault(
        rule="dex-offers",
        name="a plain listener",
        seed=lambda d: _dex(d, "https: 0.0.0.0:5554", "https: 0.0.0.0:5554\n  http: 0.0.0.0:5556"),
    ),
    Fault(
        rule="dex-lets-in-ours",
        name="every account of GitHub",
        seed=lambda d: _dex(d, "      orgs:\n        - name: example\n", ""),
    ),
    Fault(
        rule="dex-lets-in-ours",
        name="addresses that nobody verified",
        seed=lambda d: _dex(d, "      orgs:\n", "      insecureSkipEmailVerified: true\n      orgs:\n"),
    ),
)
GITOPS = (
    Fault(
        rule="server-side-apply",
        name="an application applies the client's way",
        seed=lambda d: put(d.spec("Application", "cloudnative-pg"), "syncPolicy.syncOptions", []),
    ),
    Fault(
        rule="server-side-apply",
        name="replicas would be set back",
        seed=lambda d: d.spec("Application", "sentry").pop("ignoreDifferences"),
    ),
    Fault(
        rule="applications-cover",
        name="a layer that is nobody's",
        seed=lambda d: d.drop("Application", "platform-network"),
    ),
    Fault(
        rule="applications-cover",
        name="stores before their operators",
        seed=lambda d: d.one("Application", "platform-stores")["metadata"]["annotations"].update(
            {"argocd.argoproj.io/sync-wave": "15"}
        ),
    ),
    Fault(
        rule="health-checks",
        name="Valkey reads as healthy at once",
        seed=lambda d: d.one("ConfigMap", "argocd-cm")["data"].pop(
            "resource.customizations.health.cache.cs.sap.com_Valkey"
        ),
    ),
    Fault(
        rule="project-allows",
        name="a namespace that the project does not allow",
        seed=lambda d: d.spec("AppProject")["destinations"].pop(0),
    ),
    Fault(
        rule="project-allows",
        name="everything is allowed",
        seed=lambda d: d.spec("AppProject")["sourceRepos"].append("*"),
        overlay="built",
    ),
)
SENTRY = (
    Fault(
        rule="external-stores",
        name="the chart's own Kafka is deployed",
        seed=lambda d: d.value("kafka").update(enabled=True),
    ),
    Fault(
        rule="errors-only",
        name="the whole of the product",
        seed=lambda d: d.values.update(profiles=["feature-complete"]),
    ),
    Fault(
        rule="errors-only",
        name="a consumer of the chart is not mentioned",
        seed=lambda d: d.value("snuba").pop("replaysConsumer"),
    ),
    Fault(rule="retention", name="90 days", seed=lambda d: d.value("sentry.cleanup").update(days=90)),
    Fault(
        rule="retention",
        name="the chart's own limit for the clean-up",
        seed=lambda d: d.value("sentry.cleanup").pop("activeDeadlineSeconds"),
    ),
    Fault(rule="no-hooks", name="consumers as hooks", seed=lambda d: d.values.update(asHook=True)),
    Fault(
        rule="client-certificates",
        name="one consumer has no certificate",
        seed=lambda d: d.value("sentry.ingestConsumerAttachments").pop("volumeMounts"),
    ),
    Fault(
        rule="client-certificates",
        name="a migration with the certificate of another",
        seed=lambda d: put(d.value("hooks.dbInit.volumes"), "0.secret.secretName", "snuba-client-tls"),
    ),
    Fault(
        rule="sentry-links",
        name="Kafka in the flat form, which loses TLS",
        seed=lambda d: _code(
            d,
            "sentryConfPy",
            'KAFKA_CLUSTERS["default"] = DEFAULT_KAFKA_OPTIONS',
            'KAFKA_CLUSTERS["default"] = {"bootstrap.servers": "kafka:9093"}',
        ),
    ),
    Fault(
        rule="sentry-links",
        name="an option that ends the process",
        seed=lambda d: _code(d, "sentryConfPy", '"ssl.key.location"', '"ssl.keyfile"'),
    ),
    Fault(
        rule="sentry-links",
        name="PostgreSQL's name is not verified",
        seed=lambda d: _code(d, "sentryConfPy", 'sslmode="verify-full"', 'sslmode="verify-ca"'),
    ),
    Fault(
        rule="sentry-links",
        name="certificates for one of two clients of Valkey",
        seed=lambda d: _code(d, "sentryConfPy", '["default"]["client_args"]', '["default"]["hosts"][0]["ssl_options"]'),
    ),
    Fault(
        rule="snuba-links",
        name="Kafka without a certificate",
        seed=lambda d: _code(d, "snubaSettingsPy", '"ssl.certificate.location": "/tls/tls.crt",', ""),
    ),
    Fault(
        rule="snuba-links",
        name="a consumer without the proxy",
        seed=lambda d: d.value("snuba.replacer").pop("sidecars"),
    ),
    Fault(
        rule="snuba-links",
        name="ClickHouse without verification",
        seed=lambda d: _code(d, "snubaSettingsPy", '"host": "127.0.0.1"', '"host": "clickhouse-sentry-clickhouse"'),
    ),
    Fault(
        rule="clickhouse-proxy",
        name="the proxy listens for everybody",
        seed=lambda d: _proxy(d, "listen 127.0.0.1:9000", "listen 9000"),
    ),
    Fault(
        rule="clickhouse-proxy",
        name="the proxy verifies a name that ClickHouse does not have",
        seed=lambda d: _proxy(d, "proxy_ssl_name clickhouse-sentry-clickhouse;", "proxy_ssl_name clickhouse;"),
    ),
    Fault(
        rule="relay-links",
        name="Relay's key is forgotten",
        seed=lambda d: _no_key(d, "relay.processing.additionalKafkaConfig", "ssl.key.location"),
    ),
    Fault(
        rule="tasks-links",
        name="the broker of tasks without TLS",
        seed=lambda d: _no_key(d, "sentry.taskBroker.env", "TASKBROKER_KAFKA_CLUSTERS__DEFAULT__SECURITY_PROTOCOL"),
    ),
    Fault(
        rule="tasks-links",
        name="its database without verification",
        seed=lambda d: d.value("sentry.taskBroker.store.postgres").update(queryParams="sslmode=require"),
    ),
)
TOPICS = (
    Fault(
        rule="topics-exist", name="a topic that Relay checks", seed=lambda d: d.drop("KafkaTopic", "ingest-monitors")
    ),
    Fault(
        rule="topics-exist",
        name="the topic of a consumer of the chart",
        seed=lambda d: d.drop("KafkaTopic", "group-attributes"),
    ),
    Fault(
        rule="topics-allowed",
        name="Snuba may not read what its consumer reads",
        seed=lambda d: put(
            d.spec("KafkaUser", "snuba"),
            "authorization.acls",
            d.spec("KafkaUser", "snuba")["authorization"]["acls"][1:],
        ),
    ),
    Fault(
        rule="topics-fit",
        name="three replicas on one node",
        seed=lambda d: d.spec("KafkaTopic", "events").update(replicas=3),
    ),
    Fault(
        rule="topics-fit",
        name="a commit log in three partitions",
        seed=lambda d: d.spec("KafkaTopic", "snuba-commit-log").update(partitions=3),
    ),
    Fault(
        rule="topics-fit",
        name="brokers that take less than their topics",
        seed=lambda d: d.spec("Kafka")["kafka"]["config"].update({"message.max.bytes": 1000000}),
    ),
)
FAULTS = (*LOGIN, *GITOPS, *SENTRY, *TOPICS)
