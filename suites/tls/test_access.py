"""What a certificate is good for: one role of PostgreSQL, one job on Kafka, one user of ClickHouse, and no password."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping

import pytest

from fixtures import manifests
from fixtures.evidence import Recorder
from fixtures.mutual_bench import MANIFESTS, SUITE, Mutual, MutualBench, mutual
from fixtures.tls.access_rules import differences, expected
from fixtures.tls.commands import operations
from fixtures.tls.forging import Shown
from fixtures.verdicts import unknown

BY_NAME = {link.name: link for link in mutual()}
KAFKA = {"relay": "relay-kafka", "sentry": "sentry-worker-kafka", "snuba": "snuba-kafka", SUITE: "suite-kafka"}
"""A link of each user of the bus."""
FORBIDDEN = (
    ("relay", "read", "ingest-events"),
    ("relay", "write", "events"),
    ("sentry", "write", "ingest-events"),
    ("sentry", "write", "snuba-commit-log"),
    ("snuba", "write", "ingest-events"),
    ("snuba", "write", "events"),
    ("snuba", "read", "ingest-events"),
    ("suite", "write", "ingest-events"),
    ("suite", "write", "events"),
)
"""Acts that are another client's job: each would make events appear, vanish or be read past who owns them."""
ROLES = (("suite-postgres", "sentry"), ("sentry-web-postgres", "suite"), ("sentry-web-postgres", "postgres"))
"""A link's certificate, and a role that it does not name."""
IMPOSTORS = (("suite-clickhouse", "snuba"), ("suite-clickhouse", "default"), ("snuba-clickhouse", "clickhouse-admin"))
"""A link's certificate, and a user of ClickHouse that it does not name."""
PASSWORD = "conformance"  # noqa: S105 - nobody's
LOGINS: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "headers": {"X-ClickHouse-User": "snuba", "X-ClickHouse-Key": PASSWORD},
    "basic": {"Authorization": "Basic " + base64.b64encode(f"snuba:{PASSWORD}".encode()).decode()},
    "default-user": {"X-ClickHouse-User": "default"},
    "claimed-certificate": {"X-ClickHouse-User": "snuba", "X-ClickHouse-SSL-Certificate-Auth": "on"},
}
"""How a client may try to log in to ClickHouse by HTTP."""


@pytest.mark.requirement("TLS-002")
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plaintext"])
def test_postgres_asks_nobody_for_a_password(mutual_bench: MutualBench, tls: bool, record: Recorder) -> None:
    """A client without a certificate is refused at once: no password is asked for and none is taken."""
    link = BY_NAME["sentry-web-postgres"]
    shown = Shown(ca=mutual_bench.good(link.client).ca, tls=tls)
    answer = mutual_bench.try_on(link, shown, record, what="no certificate and no password")
    assert answer.refused, f"a client without a certificate was {answer}"
    assert not answer.password, f"the server asked for a password: {answer.said}"
    task = dataclasses.replace(link.task, password=PASSWORD)
    answer = mutual_bench.try_on(link, shown, record, what="no certificate but a password", task=task)
    assert answer.refused, f"a client with a password in place of a certificate was {answer}"
    assert not answer.password, f"the server looked at the password: {answer.said}"


@pytest.mark.requirement("TLS-002")
@pytest.mark.parametrize(("name", "role"), ROLES, ids=lambda value: str(value))
def test_postgres_gives_a_certificate_its_own_role_only(
    mutual_bench: MutualBench, name: str, role: str, record: Recorder
) -> None:
    """A valid certificate logs in as the role that it names, and as no other."""
    link = BY_NAME[name]
    task = dataclasses.replace(link.task, user=role)
    answer = mutual_bench.try_on(
        link, mutual_bench.good(link.client), record, what=f"its own certificate, for role {role}", task=task
    )
    assert answer.refused, f"the certificate of {link.user} was {answer}"


@pytest.mark.requirement("TLS-004")
@pytest.mark.parametrize("user", KAFKA)
def test_a_client_of_kafka_has_the_rights_of_its_job(mutual_bench: MutualBench, user: str, record: Recorder) -> None:
    """On every topic the broker grants a client exactly what its access list names, nothing more and nothing less."""
    link = BY_NAME[KAFKA[user]]
    shown, endpoint = mutual_bench.good(link.client), mutual_bench.listener(link.listener).endpoint
    declared = manifests.load(MANIFESTS / "kafka")
    wanted = expected(declared, user)
    assert endpoint is not None
    mutual_bench.try_on(link, shown, record, what="its own certificate")
    found = {topic: operations(endpoint, shown, topic) for topic in wanted}
    record.grid(
        "rights of " + user,
        ("topic", "granted", "by the access list"),
        [(topic, ", ".join(sorted(found[topic])), ", ".join(sorted(wanted[topic]))) for topic in wanted],
    )
    if not any(wanted.values()):
        unknown(f"the access list of {user} names no topic")
    assert not differences(wanted, found), "; ".join(differences(wanted, found))


@pytest.mark.requirement("TLS-004")
@pytest.mark.parametrize(("user", "act", "topic"), FORBIDDEN, ids=lambda value: str(value))
def test_kafka_refuses_what_is_another_clients_job(
    mutual_bench: MutualBench, user: str, act: str, topic: str, record: Recorder
) -> None:
    """A client that tries what its access list does not name is told that it may not."""
    link = BY_NAME[KAFKA[user]]
    task = dataclasses.replace(link.task, act=act, thing=topic)
    answer = mutual_bench.try_on(link, mutual_bench.good(link.client), record, what=f"{act} {topic}", task=task)
    assert answer.refused, f"{user} tried to {act} {topic} and was {answer}"


@pytest.mark.requirement("TLS-005")
@pytest.mark.parametrize("login", LOGINS)
def test_clickhouse_takes_nobody_without_a_certificate(mutual_bench: MutualBench, login: str, record: Recorder) -> None:
    """Without a client certificate no user logs in, by whatever name and password it is tried."""
    link = BY_NAME["snuba-clickhouse"]
    shown = Shown(ca=mutual_bench.good(link.client).ca)
    task = dataclasses.replace(link.task, headers=LOGINS[login])
    answer = mutual_bench.try_on(link, shown, record, what=f"no certificate, login by {login}", task=task)
    assert answer.refused, f"a client without a certificate was {answer}"


@pytest.mark.requirement("TLS-005")
@pytest.mark.parametrize(("name", "user"), IMPOSTORS, ids=lambda value: str(value))
def test_clickhouse_user_is_the_certificates(mutual_bench: MutualBench, name: str, user: str, record: Recorder) -> None:
    """A client with a certificate is the user that it names, and cannot be another by saying so."""
    link: Mutual = BY_NAME[name]
    shown = mutual_bench.good(link.client)
    for how, headers in _claims(user).items():
        task = dataclasses.replace(link.task, headers=headers)
        answer = mutual_bench.try_on(link, shown, record, what=f"its own certificate, as {user} by {how}", task=task)
        assert answer.refused, f"the certificate of {link.user} claimed to be {user} by {how} and was {answer}"


def _claims(user: str) -> Mapping[str, Mapping[str, str]]:
    return {
        "certificate": {"X-ClickHouse-User": user, "X-ClickHouse-SSL-Certificate-Auth": "on"},
        "password": {"X-ClickHouse-User": user, "X-ClickHouse-Key": PASSWORD},
    }
