"""What is made of answers, access lists and visits, without a stack."""

from __future__ import annotations

import ssl
import struct

import pytest

from fixtures import links
from fixtures.clients_bench import client_links
from fixtures.impostors import Visit
from fixtures.manifests import KafkaTopic, KafkaUser, Manifests
from fixtures.mutual_bench import MANIFESTS, mutual
from fixtures.stack import LinkPolicy
from fixtures.tls import kafka_words
from fixtures.tls.access_rules import differences, expected
from fixtures.tls.answers import Outcome, of_error
from fixtures.tls.false_servers import deceived, of, rows, turned_away

METADATA = {"namespace": "sentry-system", "labels": {"strimzi.io/cluster": "sentry-kafka"}}


def _user(*rules: tuple[str, str, str, list[str], str]) -> Manifests:
    acls = [
        {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": operations, "type": sort}
        for kind, name, pattern, operations, sort in rules
    ]
    user = KafkaUser.model_validate(
        {
            "apiVersion": "kafka.strimzi.io/v1",
            "kind": "KafkaUser",
            "metadata": {"name": "relay", **METADATA},
            "spec": {
                "authentication": {"type": "tls-external"},
                "authorization": {"type": "simple", "acls": acls},
            },
        }
    )
    topics = tuple(
        KafkaTopic.model_validate(
            {
                "apiVersion": "kafka.strimzi.io/v1",
                "kind": "KafkaTopic",
                "metadata": {"name": name, **METADATA},
                "spec": {"partitions": 1, "replicas": 1},
            }
        )
        for name in ("ingest-events", "events")
    )
    return Manifests(topics=topics, users=(user,))


def test_a_right_implies_what_it_cannot_do_without() -> None:
    declared = _user(
        ("topic", "ingest-", "prefix", ["Write"], "allow"), ("group", "events", "literal", ["Read"], "allow")
    )
    assert expected(declared, "relay") == {"ingest-events": {"Write", "Describe"}, "events": set()}
    assert expected(declared, "nobody") == {"ingest-events": set(), "events": set()}


def test_a_deny_takes_away_what_was_allowed() -> None:
    declared = _user(
        ("topic", "*", "literal", ["Read", "Write"], "allow"), ("topic", "events", "literal", ["Write"], "deny")
    )
    assert expected(declared, "relay")["events"] == {"Read", "Describe"}


def test_rights_that_are_too_many_and_too_few_are_told_apart() -> None:
    found = {"a": frozenset({"Read"}), "b": frozenset[str]()}
    assert differences({"a": frozenset(), "b": frozenset({"Write"})}, found) == [
        "a: may Read though the access list does not name it",
        "b: may not Write though the access list names it",
    ]
    assert differences(found, found) == []


def test_metadata_is_read_with_its_rights() -> None:
    def text(value: str) -> bytes:
        return struct.pack(">h", len(value)) + value.encode()

    broker = struct.pack(">i", 1) + text("localhost") + struct.pack(">i", 9093) + struct.pack(">h", -1)
    partition = struct.pack(">hiii", 0, 0, 1, 5) + 2 * struct.pack(">ii", 1, 1) + struct.pack(">i", 0)
    topic = struct.pack(">h", 0) + text("events") + b"\0" + struct.pack(">i", 1) + partition
    topic += struct.pack(">i", 1 << 3 | 1 << 8)
    content = struct.pack(">ii", 0, 1) + broker + text("cluster") + struct.pack(">i", 1)
    content += struct.pack(">i", 1) + topic + struct.pack(">i", -(2**31))
    word = kafka_words.read_metadata(content)
    assert word == kafka_words.TopicWord(code=0, operations=frozenset({"Read", "Describe"}))


def test_a_request_carries_its_size() -> None:
    for words in (kafka_words.metadata("events"), kafka_words.produce("events"), kafka_words.fetch("events")):
        assert struct.unpack(">i", words[:4])[0] == len(words) - 4
        assert b"events" in words


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TimeoutError(), Outcome.UNREACHABLE),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), Outcome.UNREACHABLE),
        (ConnectionResetError(), Outcome.REFUSED),
        (ssl.SSLEOFError(8, "EOF occurred"), Outcome.REFUSED),
    ],
)
def test_silence_and_own_distrust_are_no_refusals(error: OSError, outcome: Outcome) -> None:
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_message = "unable to get local issuer certificate"
    assert of_error(error).outcome is outcome


def test_a_client_that_spoke_is_deceived_and_one_that_stayed_silent_proves_nothing() -> None:
    left = Visit(client="relay", shown="foreign-ca", said="unknown ca")
    spoke = Visit(client="relay", shown="foreign-ca", shaken=True, spoke=True)
    silent = Visit(client="relay", shown="foreign-ca", shaken=True, ended=False)
    other = Visit(client="", shown="foreign-ca", spoke=True)
    visits = (left, spoke, silent, other)
    assert of(visits, "relay", "foreign-ca") == (left, spoke, silent)
    assert deceived((left, silent)) == ()
    assert deceived((left, spoke)) == (spoke,)
    assert turned_away((left, spoke, silent)) == (left,)
    assert turned_away((silent,)) == ()
    assert ("none of the stack", "foreign-ca", 1, False, True, "") in rows(visits)


def test_every_mtls_link_of_the_embedded_stack_is_tried() -> None:
    tried = {(link.client, link.listener) for link in mutual()}
    declared = links.declared(MANIFESTS, "embedded")
    assert {(one.client, one.listener) for one in declared if one.policy is LinkPolicy.MTLS} <= tried
    assert len({link.name for link in mutual()}) == len(mutual())


def test_clients_of_every_tls_server_are_lured() -> None:
    lured = {(link.client, link.listener) for link in client_links()}
    declared = [one for one in links.declared(MANIFESTS, "embedded") if one.policy is not LinkPolicy.PLAINTEXT]
    left_out = {(one.client, one.listener) for one in declared} - lured
    assert left_out == {
        ("client", "door"),
        ("sentry-web", "door"),
        ("kafka", "kafka-internal"),
        ("kafka", "kafka-controller"),
    }
