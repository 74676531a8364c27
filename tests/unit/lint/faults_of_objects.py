"""Faults in what documents are and name: kinds, references, places, images, budget, secrets."""

from __future__ import annotations

from fixtures.lint.model import at
from tests.unit.lint.draft import Draft, put
from tests.unit.lint.faults import Fault

PLATFORM = "sentry-system"
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": PLATFORM}}
DIGEST = "sha256:" + "0" * 64


def _twice(draft: Draft) -> None:
    draft.add("60-network", draft.one("Service", "dex"))


def _other_kafka(draft: Draft) -> None:
    draft.one("KafkaTopic", "events")["metadata"]["labels"]["strimzi.io/cluster"] = "kafka"


def _star(draft: Draft) -> None:
    draft.one("KafkaTopic", "events")["apiVersion"] = "kafka.strimzi.io/v1beta2"


def _rename_namespace(draft: Draft, name: str = "sentry") -> None:
    for kind in ("Deployment", "Service"):
        draft.one(kind, "dex")["metadata"]["namespace"] = name


def _move_dex(draft: Draft) -> None:
    """Into a namespace that exists, with all that it mounts, so that only its place is wrong."""
    for kind, name in (("Deployment", "dex"), ("Service", "dex"), ("ConfigMap", "dex-config"), ("Certificate", "dex")):
        draft.one(kind, name)["metadata"]["namespace"] = "object-store"


def _other_release(draft: Draft) -> None:
    draft.value("images.snuba").update(tag="26.7.2")
    draft.lists["versions"]["images"] = (
        *draft.lists["versions"]["images"],
        {"name": "ghcr.io/getsentry/snuba", "tag": "26.7.2", "digest": ""},
    )


REFERENCES = (
    Fault(rule="api-versions", name="a kind of an API that Strimzi no longer serves", seed=_star),
    Fault(
        rule="native-fields",
        name="a field that is misspelled",
        seed=lambda d: d.container("Deployment", "dex").update(resource={}),
    ),
    Fault(
        rule="native-fields",
        name="a number as a text",
        seed=lambda d: put(d.spec("Deployment", "dex"), "replicas", "1"),
        overlay="operators",
    ),
    Fault(
        rule="secrets-resolve",
        name="a secret that nobody makes",
        seed=lambda d: put(d.container("Deployment", "dex"), "envFrom.0.secretRef.name", "dex"),
    ),
    Fault(
        rule="secrets-resolve",
        name="a key that the secret lacks",
        seed=lambda d: put(d.spec("ObjectStore"), "configuration.endpointCA.key", "ca.pem"),
    ),
    Fault(
        rule="secrets-resolve",
        name="the chart's values name another secret",
        seed=lambda d: d.value("externalRedis").update(existingSecret="valkey"),
    ),
    Fault(
        rule="config-maps-resolve",
        name="a configuration under its name before it was hashed",
        seed=lambda d: put(d.volume("Deployment", "dex", "config"), "configMap.name", "dex-config"),
    ),
    Fault(
        rule="issuers-resolve",
        name="an issuer of the wrong kind",
        seed=lambda d: put(d.spec("Certificate", "relay-client"), "issuerRef.kind", "ClusterIssuer"),
    ),
    Fault(
        rule="issuers-resolve",
        name="an issuer whose secret no CA writes",
        seed=lambda d: put(d.spec("ClusterIssuer", "internal-ca-issuer"), "ca.secretName", "root"),
    ),
    Fault(
        rule="services-resolve",
        name="a route to a Service of another name",
        seed=lambda d: put(d.spec("IngressRoute", "relay"), "routes.0.services.0.name", "relay"),
    ),
    Fault(
        rule="services-resolve",
        name="a route to a port that the Service lacks",
        seed=lambda d: put(d.spec("IngressRoute", "dex"), "routes.0.services.0.port", 5556),
    ),
    Fault(
        rule="services-resolve",
        name="backups to a store of another namespace",
        seed=lambda d: put(d.spec("ObjectStore"), "configuration.endpointURL", "https://object-store.s3.svc:9000"),
    ),
    Fault(
        rule="services-resolve",
        name="the chart talks to a broker's plain port",
        seed=lambda d: d.value("externalKafka").update(
            cluster=[{"host": "sentry-kafka-kafka-bootstrap", "port": 9092}]
        ),
    ),
    Fault(
        rule="accounts-resolve",
        name="a pod with an account that is missing",
        seed=lambda d: d.drop("ServiceAccount", "traefik"),
    ),
    Fault(
        rule="accounts-resolve",
        name="a binding to a role that is missing",
        seed=lambda d: d.drop("Role", "kafka-clients-ca"),
    ),
    Fault(
        rule="selectors-match",
        name="a Service that selects nothing",
        seed=lambda d: put(d.spec("Service", "object-store"), "selector", {"app": "object-store"}),
    ),
    Fault(
        rule="selectors-match",
        name="a target port that no container has",
        seed=lambda d: put(d.spec("Service", "object-store"), "ports.0.targetPort", 9001),
    ),
    Fault(
        rule="stores-resolve",
        name="a backup of a cluster under its old name",
        seed=lambda d: put(d.spec("ScheduledBackup"), "cluster.name", "sentry-pg"),
    ),
    Fault(
        rule="stores-resolve",
        name="archiving to a store that is missing",
        seed=lambda d: put(d.spec("Cluster"), "plugins.0.parameters.barmanObjectName", "backups"),
        also=frozenset({"requests-and-limits"}),  # the sidecar has its resources of that store
    ),
    Fault(rule="kafka-resolves", name="a topic of another cluster", seed=_other_kafka),
    Fault(
        rule="kafka-resolves",
        name="a super user whom no certificate names",
        seed=lambda d: put(d.spec("Kafka"), "kafka.authorization.superUsers.0", "CN=admin"),
    ),
    Fault(rule="door-resolves", name="a middleware that is missing", seed=lambda d: d.drop("Middleware", "body-limit")),
    Fault(
        rule="applications-resolve",
        name="an application of a layer that moved",
        seed=lambda d: put(d.spec("Application", "platform-pki"), "source.path", "manifests/overlays/operators/pki"),
        also=frozenset({"applications-cover"}),  # the layer itself is then nobody's
    ),
    Fault(
        rule="applications-resolve",
        name="an application of another project",
        seed=lambda d: put(d.spec("Application", "platform-pki"), "project", "default"),
    ),
    Fault(
        rule="one-namespace",
        name="Dex in a namespace of others",
        seed=_move_dex,
        also=frozenset({"secrets-resolve", "services-resolve", "names-cover-services", "digests"}),
    ),
    Fault(
        rule="labels",
        name="pods that do not say they are part of it",
        seed=lambda d: at(d.spec("Deployment", "dex"), "template.metadata.labels").pop("app.kubernetes.io/part-of"),
    ),
    Fault(
        rule="labels",
        name="a job of the chart without its component",
        seed=lambda d: d.value("hooks.dbInit").pop("podLabels"),
        also=frozenset({"counted"}),
    ),
    Fault(
        rule="namespaces-exist",
        name="an object without a namespace",
        seed=lambda d: d.one("KafkaUser", "suite")["metadata"].pop("namespace"),
        also=frozenset({"kafka-resolves"}),  # a user finds its cluster in its own namespace
    ),
    Fault(
        rule="namespaces-exist",
        name="a namespace that nobody makes",
        seed=lambda d: d.drop("Namespace", "object-store"),
    ),
    Fault(rule="unique", name="a document in two layers", seed=_twice),
)
IMAGES = (
    Fault(
        rule="exact-tags",
        name="the tag latest",
        seed=lambda d: d.container("Deployment", "dex").update(image="ghcr.io/dexidp/dex:latest"),
        also=frozenset({"listed-images", "digests"}),
    ),
    Fault(
        rule="exact-tags",
        name="no tag at all, in the chart's values",
        seed=lambda d: put(d.value("images.relay"), "tag", ""),
        also=frozenset({"listed-images", "digests", "operator-versions"}),
    ),
    Fault(
        rule="listed-images",
        name="a version that the list does not have",
        seed=lambda d: d.container("Deployment", "dex").update(image=f"ghcr.io/dexidp/dex:v2.45.0@{DIGEST}"),
    ),
    Fault(
        rule="digests",
        name="an image of a registry among those that are built",
        seed=lambda d: put(
            at(d.spec("StatefulSet", "object-store"), "template.spec.initContainers.0"), "image", "a/b:1.2"
        ),
        overlay="built",
        also=frozenset({"listed-images", "built-images"}),
    ),
    Fault(
        rule="living-registries",
        name="an image that was withdrawn",
        seed=lambda d: d.container("Deployment", "dex").update(image=f"docker.io/bitnami/dex:2.45.1@{DIGEST}"),
        also=frozenset({"listed-images"}),
    ),
    Fault(
        rule="built-images",
        name="a built image that is pulled always",
        seed=lambda d: d.container("Deployment", "git").update(imagePullPolicy="Always"),
        overlay="built",
    ),
    Fault(
        rule="operator-versions",
        name="a chart of another version than the list's",
        seed=lambda d: put(d.spec("Application", "strimzi"), "source.targetRevision", "1.1.0"),
    ),
    Fault(
        rule="operator-versions",
        name="one part of Sentry in another release",
        seed=_other_release,
        also=frozenset({"digests"}),  # of an image that nobody has looked up either
    ),
    Fault(
        rule="kubernetes-range",
        name="a node beyond what operators support",
        seed=lambda d: put(d.lists, "versions.kubernetes.node", "1.37.0"),
    ),
    Fault(
        rule="kubernetes-range",
        name="an operator that supports less",
        seed=lambda d: put(d.lists, "versions.operators.cert-manager.kubernetes", ("1.35", "1.36")),
    ),
)


BUDGET = (
    Fault(
        rule="budget-cpu",
        name="Kafka asks for a core",
        seed=lambda d: put(d.spec("KafkaNodePool"), "resources.requests.cpu", "1"),
    ),
    Fault(
        rule="budget-memory",
        name="every row fits, all together do not",
        seed=lambda d: put(d.value("sentry.web.resources"), "requests.memory", "640Mi"),
    ),
    Fault(
        rule="budget-memory",
        name="a second instance of PostgreSQL",
        seed=lambda d: put(d.spec("Cluster"), "instances", 2),
        also=frozenset({"budget-cpu", "budget-volumes"}),
    ),
    Fault(
        rule="budget-volumes",
        name="a volume that the record does not have",
        seed=lambda d: d.value("sentry.taskBroker.persistence").update(enabled=True),
    ),
    Fault(
        rule="budget-volumes",
        name="half of the volume for events",
        seed=lambda d: put(
            d.spec("ClickHouseInstallation"),
            "templates.volumeClaimTemplates.0.spec.resources.requests.storage",
            "25Gi",
        ),
    ),
    Fault(
        rule="requests-and-limits",
        name="a container without a limit",
        seed=lambda d: d.container("Deployment", "traefik")["resources"].pop("limits"),
    ),
    Fault(
        rule="requests-and-limits",
        name="a limit below the request",
        seed=lambda d: put(d.container("Deployment", "traefik"), "resources.limits.memory", "32Mi"),
    ),
    Fault(
        rule="requests-and-limits",
        name="an operator's pod without requests",
        seed=lambda d: d.spec("Kafka")["entityOperator"]["userOperator"].pop("resources"),
    ),
    Fault(
        rule="counted",
        name="a component that no row has",
        seed=lambda d: at(d.spec("Deployment", "git"), "template.metadata.labels").update(
            {"conformance.sentry/component": "gitea"}
        ),
        overlay="built",
        also=frozenset({"declared-ports"}),
    ),
)
SECRECY = (
    Fault(
        rule="no-clear-text",
        name="a Secret with its content",
        seed=lambda d: d.add("50-sentry", {**SECRET, "stringData": {"password": "swordfish"}}),
    ),
    Fault(
        rule="no-clear-text",
        name="a password's hash in a configuration",
        seed=lambda d: d.one("ConfigMap", "clickhouse-proxy")["data"].update(
            users="admin:$2a$10$abcdefghijklmnopqrstuv"
        ),
    ),
    Fault(
        rule="no-literal-passwords",
        name="a variable with its secret",
        seed=lambda d: d.container("Deployment", "dex").update(env=[{"name": "SMTP_PASSWORD", "value": "swordfish"}]),
    ),
    Fault(
        rule="no-telling-values",
        name="the password of Valkey in the values",
        seed=lambda d: d.value("externalRedis").update(password="swordfish"),
    ),
    Fault(
        rule="no-telling-values",
        name="a token with a sign that no name has",
        seed=lambda d: d.values.update(slack={"signing_token": "swordfish:1"}),
    ),
)
FAULTS = (*REFERENCES, *IMAGES, *BUDGET, *SECRECY)
