"""Faults of the stores, made as their administrators: ClickHouse, Kafka, PostgreSQL."""

from __future__ import annotations

from typing import TypeVar

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from fixtures.clients.kafka_tap import INGEST_ATTACHMENTS, INGEST_EVENTS
from fixtures.timeouts import LIMITS
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE, EVERY_TOPIC, JOURNEY, LAYOUT, SEARCH, TABLE, TRANSACTION, each
from tests.detection.workshop import Workshop

STRAY = "seeded-stray-topic"


Grant = TypeVar("Grant", AclBinding, AclBindingFilter)


def _write_grant(kind: type[Grant]) -> Grant:
    return kind(
        ResourceType.TOPIC,
        INGEST_EVENTS,
        ResourcePatternType.LITERAL,
        "User:CN=relay",
        "*",
        AclOperation.WRITE,
        AclPermissionType.ALLOW,
    )


def _revoke(admin: AdminClient) -> None:
    for future in admin.delete_acls([_write_grant(AclBindingFilter)]).values():
        if len(future.result(LIMITS.http)) != 1:
            raise ValueError("Relay's right to write is not one entry")


def _grant(admin: AdminClient) -> None:
    for future in admin.create_acls([_write_grant(AclBinding)]).values():
        future.result(LIMITS.http)


def _message_limit(operation: AlterConfigOpType) -> ConfigResource:
    entry = ConfigEntry("max.message.bytes", "10000", incremental_operation=operation)
    return ConfigResource(ConfigResource.Type.TOPIC, INGEST_ATTACHMENTS, incremental_configs=[entry])


def _limit(operation: AlterConfigOpType, admin: AdminClient) -> None:
    for future in admin.incremental_alter_configs([_message_limit(operation)]).values():
        future.result(LIMITS.http)


def _create_stray(admin: AdminClient) -> None:
    for future in admin.create_topics([NewTopic(STRAY, 1, 1)]).values():
        future.result(LIMITS.http)


def _delete_stray(admin: AdminClient) -> None:
    for future in admin.delete_topics([STRAY]).values():
        future.result(LIMITS.http)


def _small_messages(workshop: Workshop) -> None:
    workshop.kafka(
        lambda admin: _limit(AlterConfigOpType.SET, admin),
        undo=lambda admin: _limit(AlterConfigOpType.DELETE, admin),
    )


RESOLVE = """
CREATE FUNCTION seeded_resolve() RETURNS trigger AS $$ BEGIN NEW.status := 1; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER seeded_resolve BEFORE INSERT OR UPDATE ON sentry_groupedmessage
FOR EACH ROW EXECUTE FUNCTION seeded_resolve();
"""

FAULTS = (
    Fault(
        id="clickhouse-without-ttl",
        sentence="The table of errors has lost its TTL: nothing is ever deleted.",
        stands_for="a table made anew by hand after a restore",
        inject=lambda workshop: workshop.clickhouse(
            "ALTER TABLE errors_local REMOVE TTL",
            undo="ALTER TABLE errors_local MODIFY TTL timestamp + toIntervalDay(retention_days)",
        ),
        must_fail=(TABLE,),
        must_pass=(ALIVE, LAYOUT),
        quick=True,
    ),
    Fault(
        id="clickhouse-refuses-rows",
        sentence="ClickHouse refuses the rows of errors, and Snuba's consumer goes on.",
        stands_for="a migration that the consumers' version does not know",
        inject=lambda workshop: workshop.clickhouse(
            "ALTER TABLE errors_local ADD CONSTRAINT seeded CHECK project_id = 0",
            undo="ALTER TABLE errors_local DROP CONSTRAINT seeded",
        ),
        must_fail=(JOURNEY,),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="kafka-revokes-a-right",
        sentence="Relay has lost its right to write to ingest-events.",
        stands_for="access lists rewritten by an operator without one of their entries",
        inject=lambda workshop: workshop.kafka(_revoke, undo=_grant),
        must_fail=(LAYOUT, JOURNEY),
        must_pass=(ALIVE, TRANSACTION),
    ),
    Fault(
        id="kafka-takes-small-messages",
        sentence="Kafka refuses messages of more than 10 kB on ingest-attachments.",
        stands_for="a size limit that is smaller at the broker than at its producers",
        inject=_small_messages,
        must_fail=(
            "test_item_types.py::test_an_event_with_attachments_takes_the_attachments_topic",
            "test_item_types.py::test_attachments_can_be_read_back",
        ),
        must_pass=(JOURNEY, LAYOUT),
    ),
    Fault(
        id="kafka-stray-topic",
        sentence="A topic exists that nobody reads and nobody knows.",
        stands_for="auto-created topics after a mistyped name",
        inject=lambda workshop: workshop.kafka(_create_stray, undo=_delete_stray),
        must_fail=(EVERY_TOPIC,),
        must_pass=(ALIVE, TABLE),
        quick=True,
    ),
    Fault(
        id="postgres-resolves-everything",
        sentence="Every new issue is resolved at once.",
        stands_for="an automation rule gone wild: nobody sees new errors",
        inject=lambda workshop: workshop.postgres(
            RESOLVE,
            undo="DROP TRIGGER seeded_resolve ON sentry_groupedmessage; DROP FUNCTION seeded_resolve();",
        ),
        must_fail=each(SEARCH, "is:unresolved", "is:resolved"),
        must_pass=(ALIVE, *each(SEARCH, "colour:green")),
    ),
)
