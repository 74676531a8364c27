"""ClickHouse's engine in this process, with Snuba's tables, and a way to ask it in SnQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from fixtures.embedded.clickhouse.engine import Engine, Request
from fixtures.embedded.clickhouse.statements import insert_with_data
from fixtures.embedded.snuba.api import rows
from fixtures.embedded.snuba.batches import Message, plan
from fixtures.embedded.snuba.compiler import compile_query
from fixtures.embedded.snuba.migrations import TABLES, migrate
from fixtures.embedded.snuba.sink import Statement
from fixtures.embedded.snuba.syntax import parse


class Store:
    """Snuba's tables; every call runs on the test's thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        migrate(self.run)
        migrate(self.run)
        # Snuba's wide parts are some 200 files each: slow for tests that insert single rows.
        self.run("ALTER TABLE errors_local MODIFY SETTING min_bytes_for_wide_part = 10485760")
        names = self.json(
            "SELECT name FROM system.columns WHERE table = 'errors_local' AND default_kind != 'MATERIALIZED'"
        )
        self.columns = tuple(row["name"] for row in names["data"])

    def run(self, statement: str) -> bytes:
        return self._engine.run_now(Request(statement=statement)).body

    def json(self, statement: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._engine.run_now(Request(statement=statement, format="JSON")).body)
        return found

    def consume(self, messages: Sequence[Message]) -> None:
        """What the consumer does with a batch; nothing may be dropped."""
        batch = plan(messages, self.columns)
        assert batch.dropped == []
        for step in batch.steps:
            if isinstance(step, Statement):
                self.run(step.sql)
                continue
            names = ", ".join(f"`{name}`" for name in step.rows[0])
            statement = f"INSERT INTO {step.table} ({names}) FORMAT JSONEachRow"
            lines = "\n".join(json.dumps(row) for row in step.rows).encode()
            self._engine.run_now(Request(statement=statement, insert=insert_with_data(statement), data=lines))

    def result(self, snql: str) -> dict[str, Any]:
        return rows(self.json(compile_query(parse(snql)).sql))

    def ask(self, snql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.result(snql)["data"]
        return found

    def empty(self) -> None:
        for table in TABLES:
            if table not in ("discover_local", "outcomes_mv_hourly_local"):
                self.run(f"TRUNCATE TABLE {table}")


@pytest.fixture(scope="session")
def engine_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all tests: chdb allows one folder a process."""
    engine = Engine(tmp_path_factory.mktemp("chdb") / "data")
    yield Store(engine)
    engine.close()


@pytest.fixture
def store(engine_store: Store) -> Store:
    """Empty tables."""
    engine_store.empty()
    return engine_store
