"""Faults in certificates, in what listens, and in policies."""

from __future__ import annotations

from fixtures.lint.model import at
from tests.unit.lint.draft import Body, Draft, put
from tests.unit.lint.faults import Fault

CHI = "ClickHouseInstallation"
DENY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}


def _certificate(draft: Draft, name: str) -> Body:
    return draft.spec("Certificate", name)


def _argument(draft: Draft, part: str) -> None:
    container = draft.container("Deployment", "traefik")
    container["args"] = [one for one in container["args"] if part not in one]


def _mount_ca(draft: Draft) -> None:
    volumes = at(draft.spec("Deployment", "dex"), "template.spec.volumes")
    volumes.append({"name": "ca", "secret": {"secretName": "sentry-ca-tls", "defaultMode": 0o440}})


def _read_ca(draft: Draft) -> None:
    draft.one("Role", "kafka-clients-ca")["rules"][0]["resourceNames"] = ["sentry-ca-tls"]


def _every_port(draft: Draft) -> None:
    """Both sides must be wide: one narrow side keeps a path shut."""
    draft.spec("NetworkPolicy", "snuba")["ingress"][0].pop("ports")
    for one in draft.spec("NetworkPolicy", "sentry-web")["egress"]:
        one.pop("ports")


CERTIFICATES = (
    Fault(
        rule="chain",
        name="a server's certificate by the namespace's own CA",
        seed=lambda d: put(_certificate(d, "dex"), "issuerRef", {"name": "sentry-ca-issuer", "kind": "Issuer"}),
        also=frozenset({"client-subjects"}),  # what that issuer signs is a client's
    ),
    Fault(
        rule="chain",
        name="a client's certificate by the cluster's CA",
        seed=lambda d: put(
            _certificate(d, "relay-client"), "issuerRef", {"name": "internal-ca-issuer", "kind": "ClusterIssuer"}
        ),
    ),
    Fault(
        rule="sentry-ca",
        name="its secret has another name",
        seed=lambda d: put(_certificate(d, "sentry-ca"), "secretName", "sentry-ca"),
        also=frozenset({"issuers-resolve"}),
    ),
    Fault(
        rule="names-cover-services",
        name="PostgreSQL's read-only name is forgotten",
        seed=lambda d: _certificate(d, "sentry-postgres-server")["dnsNames"].remove("sentry-postgres-ro"),
    ),
    Fault(
        rule="names-cover-services",
        name="brokers are not named one by one",
        seed=lambda d: _certificate(d, "sentry-kafka-server")["dnsNames"].remove("*.sentry-kafka-kafka-brokers"),
    ),
    Fault(
        rule="names-cover-services",
        name="Dex's Service is renamed",
        seed=lambda d: put(_certificate(d, "dex"), "dnsNames", ["sso.sentry-system.svc"]),
    ),
    Fault(
        rule="purposes",
        name="a client without client auth, which is cert-manager's default",
        seed=lambda d: _certificate(d, "snuba-client")["usages"].remove("client auth"),
        also=frozenset({"chain"}),  # with no purpose it is no client's any more
    ),
    Fault(
        rule="purposes",
        name="a CA that serves as well",
        seed=lambda d: _certificate(d, "sentry-ca")["usages"].append("server auth"),
    ),
    Fault(
        rule="client-subjects",
        name="an organisation in the subject",
        seed=lambda d: _certificate(d, "relay-client").update(subject={"organizations": ["sentry"]}),
    ),
    Fault(
        rule="lifetimes",
        name="a CA that lives as long as its leafs",
        seed=lambda d: _certificate(d, "sentry-ca").update(duration="2160h", renewBefore="720h"),
    ),
    Fault(
        rule="lifetimes",
        name="a CA that gets a new key each time",
        seed=lambda d: put(_certificate(d, "internal-ca"), "privateKey.rotationPolicy", "Always"),
    ),
    Fault(
        rule="renewals",
        name="a leaf that is renewed a day before its end",
        seed=lambda d: _certificate(d, "dex").update(renewBefore="24h"),
    ),
    Fault(
        rule="reload-labels",
        name="the replication certificate is not reloaded",
        seed=lambda d: _certificate(d, "sentry-postgres-replication").pop("secretTemplate"),
    ),
    Fault(
        rule="key-format",
        name="a key that Java cannot read",
        seed=lambda d: put(_certificate(d, "sentry-kafka-server"), "privateKey.encoding", "PKCS1"),
    ),
    Fault(rule="no-ca-key", name="a pod mounts sentry-ca-tls whole", seed=_mount_ca),
    Fault(
        rule="no-ca-key",
        name="the door shows a CA's pair",
        seed=lambda d: put(d.spec("TLSStore"), "defaultCertificate.secretName", "sentry-ca-tls"),
    ),
    Fault(rule="no-ca-key", name="a role reads a CA's key", seed=_read_ca),
    Fault(
        rule="key-modes",
        name="a key open to all",
        seed=lambda d: d.volume("Deployment", "dex", "tls")["secret"].pop("defaultMode"),
    ),
)
EXPOSURE = (
    Fault(
        rule="declared-ports",
        name="a plain port beside the TLS one",
        seed=lambda d: d.container("Deployment", "dex")["ports"].append({"name": "http", "containerPort": 5556}),
    ),
    Fault(
        rule="postgres-access",
        name="the last line is forgotten, so passwords are taken",
        seed=lambda d: d.spec("Cluster")["postgresql"]["pg_hba"].pop(),
    ),
    Fault(
        rule="postgres-access",
        name="one network may come with a password",
        seed=lambda d: d.spec("Cluster")["postgresql"]["pg_hba"].insert(0, "host all all 10.0.0.0/8 scram-sha-256"),
    ),
    Fault(
        rule="postgres-access",
        name="the operator makes a CA of its own for clients",
        seed=lambda d: d.spec("Cluster")["certificates"].pop("clientCASecret"),
    ),
    Fault(
        rule="kafka-access",
        name="a second listener without TLS",
        seed=lambda d: d.spec("Kafka")["kafka"]["listeners"].append(
            {
                "name": "plain",
                "port": 9092,
                "type": "internal",
                "tls": False,
                "networkPolicyPeers": [{"podSelector": {"matchLabels": {"conformance.sentry/component": "nobody"}}}],
            }
        ),
        also=frozenset({"declared-ports"}),
    ),
    Fault(
        rule="kafka-access",
        name="a user without an access list",
        seed=lambda d: d.spec("KafkaUser", "suite")["authorization"].pop("acls"),
    ),
    Fault(
        rule="kafka-access",
        name="topics make themselves",
        seed=lambda d: put(d.spec("Kafka"), "kafka.config", {"message.max.bytes": 50000000}),
    ),
    Fault(
        rule="clickhouse-access",
        name="MySQL's port stays open",
        seed=lambda d: d.spec(CHI)["configuration"]["settings"].pop("mysql_port"),
    ),
    Fault(
        rule="clickhouse-access",
        name="a user with a password",
        seed=lambda d: d.spec(CHI)["configuration"]["users"].update({"snuba/password_sha256_hex": "0" * 64}),
    ),
    Fault(
        rule="clickhouse-access",
        name="the user default stays",
        seed=lambda d: d.spec(CHI)["configuration"]["files"].pop("users.d/no-default-user.xml"),
    ),
    Fault(
        rule="clickhouse-access",
        name="nobody looks at client certificates",
        seed=lambda d: d.spec(CHI)["configuration"]["files"].update({"config.d/tls.xml": "<clickhouse/>"}),
    ),
    Fault(rule="valkey-access", name="TLS is off", seed=lambda d: put(d.spec("Valkey"), "tls.enabled", False)),
    Fault(
        rule="valkey-demands-certificates",
        name="a plain Valkey that asks for none",
        seed=lambda d: d.add("50-sentry", VALKEY),
        also=frozenset({"budget-memory", "budget-cpu"}),
    ),
    Fault(rule="door-closed", name="unknown names are let in", seed=lambda d: d.spec("TLSOption").pop("sniStrict")),
    Fault(
        rule="door-closed",
        name="a route by plain HTTP as well",
        seed=lambda d: put(d.spec("IngressRoute", "relay"), "entryPoints", ["web", "websecure"]),
    ),
    Fault(
        rule="door-redirects",
        name="plain HTTP is not redirected",
        seed=lambda d: _argument(d, "redirections.entryPoint.to"),
    ),
    Fault(
        rule="dex-encrypted",
        name="Dex's certificate is not verified",
        seed=lambda d: d.spec("ServersTransport", "dex").update(insecureSkipVerify=True),
    ),
)
VALKEY: Body = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "sentry-valkey", "namespace": "sentry-system"},
    "spec": {
        "serviceName": "sentry-valkey",
        "selector": {"matchLabels": {"app": "valkey"}},
        "template": {
            "metadata": {
                "labels": {
                    "app": "valkey",
                    "app.kubernetes.io/part-of": "sentry",
                    "conformance.sentry/component": "valkey",
                }
            },
            "spec": {
                "containers": [
                    {
                        "name": "valkey",
                        "image": "docker.io/library/busybox:1.38.0",
                        "args": ["--tls-auth-clients", "optional", "--port", "0"],
                        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}},
                    }
                ]
            },
        },
    },
}
NETWORK = (
    Fault(
        rule="links-open",
        name="Relay may not reach Kafka",
        seed=lambda d: d.spec("NetworkPolicy", "relay")["egress"].pop(1),
    ),
    Fault(
        rule="links-open",
        name="PostgreSQL lets in its consumers only",
        seed=lambda d: put(
            d.spec("NetworkPolicy", "postgres"), "ingress.0.from.0.podSelector.matchExpressions.0.values", ["postgres"]
        ),
    ),
    Fault(
        rule="links-only",
        name="the door may reach ClickHouse",
        seed=lambda d: d.spec("NetworkPolicy", "clickhouse")["ingress"].append(
            {
                "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}],
                "ports": [{"port": 8443}],
            }
        ),
    ),
    Fault(rule="links-only", name="the web may reach every port of Snuba's pods", seed=_every_port),
    Fault(rule="default-deny", name="nothing denies", seed=lambda d: d.drop("NetworkPolicy", "default-deny")),
    Fault(rule="default-deny", name="names cannot be asked for", seed=lambda d: d.drop("NetworkPolicy", "names")),
    Fault(
        rule="listener-peers",
        name="Strimzi lets in everybody",
        seed=lambda d: d.spec("Kafka")["kafka"]["listeners"][0].pop("networkPolicyPeers"),
    ),
)
FAULTS = (*CERTIFICATES, *EXPOSURE, *NETWORK)
