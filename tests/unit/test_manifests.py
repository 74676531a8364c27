"""The manifests say what the platform needs: topics, permissions, names of Services, pins; bad files are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from fixtures import manifests
from fixtures.errors import BadInput
from fixtures.stack import Provenance

MANIFESTS = Path(__file__).parents[2] / "manifests"
# Relay 26.8.0 ends at start when one of these is missing (kafka_validate_topics).
RELAY_VALIDATES = {
    *("ingest-events", "ingest-attachments", "ingest-transactions", "ingest-metrics", "ingest-monitors"),
    *("ingest-spans", "ingest-replay-recordings", "ingest-feedback-events", "outcomes", "outcomes-billing"),
    *("profiles", "snuba-items"),
}
KAFKA = manifests.load(MANIFESTS / "kafka")
GRANTS = {user.metadata.name: manifests.grants(user) for user in KAFKA.users}


def _may(user: str, operation: str, resource: str, name: str) -> bool:
    """Kafka's rule: allowed when any grant matches, ``*`` being any name."""
    return any(
        grant.operation == operation
        and grant.resource == resource
        and (name.startswith(grant.name) if grant.pattern == "prefix" else grant.name in ("*", name))
        for grant in GRANTS[user]
    )


def _topics_for(user: str, operation: str) -> set[str]:
    return {topic.topic for topic in KAFKA.topics if _may(user, operation, "topic", topic.topic)}


def test_every_topic_that_relay_checks_exists_and_is_its_to_write() -> None:
    assert {topic.topic for topic in KAFKA.topics} >= RELAY_VALIDATES
    assert _topics_for("relay", "Write") == {*RELAY_VALIDATES, "ingest-performance-metrics"}
    assert _topics_for("relay", "Read") == set()


def test_commit_logs_have_one_partition() -> None:
    logs = [topic for topic in KAFKA.topics if topic.topic.endswith("commit-log")]
    assert len(logs) == 3
    assert {topic.spec.partitions for topic in logs} == {1}


def test_every_topic_has_a_writer_and_a_bound_on_its_age() -> None:
    written = set().union(*(_topics_for(user, "Write") for user in GRANTS))
    assert written == {topic.topic for topic in KAFKA.topics}
    assert {topic.spec.config["retention.ms"] for topic in KAFKA.topics} == {86400000}


def test_the_suite_writes_nothing_and_joins_only_its_own_groups() -> None:
    assert {grant.operation for grant in GRANTS["suite"]} == {"Describe", "DescribeConfigs", "Read"}
    assert _topics_for("suite", "Read") == {topic.topic for topic in KAFKA.topics}
    assert _may("suite", "Read", "group", "suite-1")
    assert not _may("suite", "Read", "group", "snuba-consumers")
    assert _may("suite", "Describe", "group", "snuba-consumers")


@pytest.mark.parametrize(
    ("user", "group"),
    [
        ("sentry", "ingest-consumer"),
        ("sentry", "snuba-post-processor"),
        ("sentry", "post-process-forwarder"),
        ("sentry", "ppf-commit-log-0123abcd"),
        ("snuba", "snuba-consumers"),
        ("snuba", "transactions_group"),
    ],
)
def test_consumers_may_join_the_groups_they_use(user: str, group: str) -> None:
    assert _may(user, "Read", "group", group)
    assert not _may("relay", "Read", "group", group)


def test_snuba_may_not_write_what_it_reads() -> None:
    assert _topics_for("snuba", "Write") == {
        "event-replacements",
        "snuba-commit-log",
        "snuba-transactions-commit-log",
        "snuba-generic-events-commit-log",
    }


def test_grants_name_the_user_by_its_cn() -> None:
    assert {grant.principal for grant in GRANTS["relay"]} == {"User:CN=relay"}
    clients = {one.spec.common_name for one in manifests.load(MANIFESTS / "pki").certificates}
    assert set(GRANTS) <= clients
    cluster = [grant for grant in GRANTS["suite"] if grant.resource == "cluster"]
    assert {(grant.name, grant.pattern, grant.permission, grant.host) for grant in cluster} == {
        ("kafka-cluster", "literal", "allow", "*")
    }


def test_everything_of_a_cluster_is_labelled_for_its_operator() -> None:
    found = [*(topic.metadata for topic in KAFKA.topics), *(user.metadata for user in KAFKA.users)]
    assert {one.labels["strimzi.io/cluster"] for one in found} == {"sentry-kafka"}
    assert {one.namespace for one in found} == {"sentry-system"}


@pytest.mark.parametrize(
    ("secret", "service"),
    [
        ("sentry-postgres-server-tls", "sentry-postgres-rw"),
        ("sentry-postgres-server-tls", "sentry-postgres-ro"),
        ("sentry-kafka-server-tls", "sentry-kafka-kafka-bootstrap"),
        ("sentry-kafka-server-tls", "*.sentry-kafka-kafka-brokers"),
        ("sentry-clickhouse-server-tls", "chi-sentry-clickhouse-main-0-0"),
        ("sentry-clickhouse-server-tls", "clickhouse-sentry-clickhouse"),
        ("sentry-valkey-server-tls", "sentry-valkey"),
        ("dex-tls", "dex"),
    ],
)
def test_server_certificates_carry_every_form_of_their_services_names(secret: str, service: str) -> None:
    (found,) = [one for one in manifests.load(MANIFESTS / "pki").certificates if one.spec.secret_name == secret]
    suffixes = ("", ".sentry-system", ".sentry-system.svc", ".sentry-system.svc.cluster.local")
    assert set(found.spec.dns_names) >= {service + suffix for suffix in suffixes}


def test_postgres_secrets_are_reloaded_by_the_operator() -> None:
    labels = {
        one.spec.secret_name: one.spec.secret_template.labels for one in manifests.load(MANIFESTS / "pki").certificates
    }
    assert [name for name, found in labels.items() if "cnpg.io/reload" in found] == [
        "sentry-postgres-replication-tls",
        "sentry-postgres-server-tls",
    ]


def test_the_namespace_of_everything_is_declared() -> None:
    (namespace,) = manifests.load(MANIFESTS / "namespace" / "namespace.yaml").others
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", "sentry-system")


def _locked(package: Mapping[str, str]) -> bool:
    """Whether the checksummed list of the package's registry has exactly this version."""
    root = MANIFESTS.parent / "fixtures"
    name, version = re.escape(package["name"]), re.escape(package["version"])
    lists, line = {
        "pypi": (root.glob("locks/*.txt"), rf"^{name}=={version} "),
        "maven": (root.glob("locks/*.jars"), rf"^{name}:{version} sha256:"),
        "go": ([root / "embedded" / "dex" / "go.mod"], rf"^\t{name} {version}$"),
    }[package["registry"]]
    return any(re.search(line, path.read_text(), re.MULTILINE) for path in lists)


def test_the_list_of_versions_is_what_is_locked() -> None:
    pins = yaml.safe_load((MANIFESTS / "versions.yaml").read_text())["embedded"]
    packages = [value for pin in pins.values() for value in pin.values() if isinstance(value, dict)]
    assert len(packages) >= len(pins) - 1
    assert [package for package in packages if not _locked(package)] == []
    assert {pin["is"] for pin in pins.values()} == {member.value for member in Provenance}


TOPIC = {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": {"name": "t"}}
REFUSALS = {
    "KafkaTopic t: spec.partitions: Input should be greater than or equal to 1": yaml.safe_dump(
        {**TOPIC, "spec": {"partitions": 0, "replicas": 1}}
    ),
    "KafkaTopic t: spec.colour: this field is not supported": yaml.safe_dump(
        {**TOPIC, "spec": {"partitions": 1, "replicas": 1, "colour": "red"}}
    ),
    "a document without apiVersion and kind": "kind: Namespace",
    "a manifest cannot be read": "a: [",
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_a_bad_file_is_refused_in_a_sentence(sentence: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(REFUSALS[sentence])
    with pytest.raises(BadInput, match=re.escape(sentence)) as refusal:
        manifests.load(tmp_path)
    assert "\n" not in str(refusal.value)


def test_an_empty_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no manifest"):
        manifests.load(tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        manifests.load(tmp_path / "gone.yaml")
