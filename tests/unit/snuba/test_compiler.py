"""SnQL to SQL: the grammar, Snuba's rewrites, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.embedded.snuba import functions
from fixtures.embedded.snuba.compiler import compile_query
from fixtures.embedded.snuba.errors import InvalidQuery
from fixtures.embedded.snuba.syntax import Literal, parse
from tests.unit.snuba.conftest import Store

EVENTS = "MATCH (events) SELECT {} WHERE project_id = 7"


def sql(snql: str) -> str:
    return compile_query(parse(snql)).sql


def select(expression: str) -> str:
    """The SQL of one selected expression."""
    return sql(EVENTS.format(expression)).split(" FROM ")[0].removeprefix("SELECT ").rpartition(" AS `")[0]


@pytest.mark.parametrize(
    ("snql", "expected"),
    [
        ("count()", "count()"),
        ("uniq(user_id)", "ifNull(uniq(e.`user_id`), 0)"),
        ("tags[sentry:user]", "nullIf(e.`user`, '')"),
        ("tags[a'b]", r"arrayElement(e.`tags.value`, indexOf(e.`tags.key`, 'a\'b'))"),
        ("contexts[os.name]", "arrayElement(e.`contexts.value`, indexOf(e.`contexts.key`, 'os.name'))"),
        ("event_id", "replaceAll(toString(e.`event_id`), '-', '')"),
        ("transaction", "e.`transaction_name`"),
        ("quantile(0.5)(group_id)", "quantile(0.5)(nullIf(e.`group_id`, 0))"),
        ("divide(now() - max(timestamp), 3600)", "divide(minus(now(), max(e.`timestamp`)), 3600)"),
        ("1 + 2 * 3 - 4", "minus(plus(1, multiply(2, 3)), 4)"),
        ("toDateTime('2026-11-23T10:00:00.999999')", "toDateTime('2026-11-23T10:00:00', 'Universal')"),
        ("toDateTime('2026-11-23T10:00:00+02:00')", "toDateTime('2026-11-23T08:00:00', 'Universal')"),
        ("emptyIfNull(release)", "ifNull(e.`release`, '')"),
        ("arrayMap((`x`) -> length(`x`), tags.key)", "arrayMap((`x`) -> length(`x`), e.`tags.key`)"),
        ("has(exception_stacks.type, 'E')", "has(e.`exception_stacks.type`, 'E')"),
        ("array(1, -2.5, NULL, TRUE)", "array(1, -2.5, NULL, true)"),
    ],
)
def test_expressions(snql: str, expected: str) -> None:
    assert select(snql) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("event_id = '{id}'", "equals(e.`event_id`, toUUID('{uuid}'))"),
        ("event_id IN tuple('{id}')", "in(e.`event_id`, tuple(toUUID('{uuid}')))"),
        ("event_id IN array('{id}', 'x')", "in(replaceAll(toString(e.`event_id`), '-', ''), array('{id}', 'x'))"),
        ("group_id IN tuple()", "0"),
        ("group_id NOT IN tuple()", "1"),
        ("release IS NOT NULL", "isNotNull(e.`release`)"),
        ("title NOT LIKE '%x'", "notLike(e.`title`, '%x')"),
        (
            "(title = 'a' OR (type = 'b' AND level = 'c'))",
            "or({a}, and(equals(e.`type`, 'b'), equals(e.`level`, 'c')))",
        ),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    parts = {"id": "0" * 31 + "1", "uuid": "00000000-0000-0000-0000-000000000001", "a": "equals(e.`title`, 'a')"}
    text = sql(EVENTS.format("title") + " AND " + condition.format(**parts))
    assert f" AND {expected.format(**parts)} AND " in text


def test_every_query_of_errors_reads_final_undeleted_rows() -> None:
    text = sql(EVENTS.format("title"))
    assert text.startswith("SELECT e.`title` AS `title` FROM errors_local AS e FINAL WHERE e.`deleted` = 0 AND ")
    assert text.endswith(" LIMIT 1000 OFFSET 0")


def test_all_clauses_in_order() -> None:
    text = sql(
        "MATCH (events SAMPLE 0.100000) SELECT count() AS `n`, tags_value BY tags_key, time"
        " WHERE project_id IN tuple(7) HAVING n > 1 ORDER BY n DESC, tags_key ASC"
        " LIMIT 2 BY tags_key LIMIT 5 OFFSET 10 GRANULARITY 60 TOTALS True"
    )
    assert text.startswith("SELECT snuba_tags_key AS `tags_key`, toStartOfMinute(e.`timestamp`, 'Universal') AS `time`")
    assert "FINAL SAMPLE 0.100000 ARRAY JOIN e.`tags.key` AS snuba_tags_key, e.`tags.value` AS snuba_tags_value" in text
    assert "WITH TOTALS HAVING greater(count(), 1) ORDER BY count() DESC, snuba_tags_key ASC" in text
    assert text.endswith("LIMIT 2 BY snuba_tags_key LIMIT 5 OFFSET 10")


def test_an_alias_needs_no_quotes() -> None:
    assert sql(EVENTS.format("count() AS n")) == sql(EVENTS.format("count() AS `n`"))


def test_an_alias_named_like_a_column_is_the_column_where_nothing_is_folded() -> None:
    text = sql(
        EVENTS.format("max(timestamp) AS `timestamp`")
        + " AND timestamp > toDateTime('2026-01-01') ORDER BY timestamp ASC"
    )
    assert "greater(e.`timestamp`, " in text
    assert "ORDER BY max(e.`timestamp`) ASC" in text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (3600, "toStartOfHour(e.`timestamp`, 'Universal')"),
        (86400, "toDate(e.`timestamp`, 'Universal')"),
        (300, "toDateTime(multiply(intDiv(toUInt32(e.`timestamp`), 300), 300), 'Universal')"),
    ],
)
def test_time_is_the_bucket(seconds: int, expected: str) -> None:
    assert expected in sql(f"MATCH (events) SELECT count() BY time WHERE project_id = 7 GRANULARITY {seconds}")


@pytest.mark.parametrize(
    ("snql", "table"),
    [
        ("SELECT count() WHERE project_id = 7", "discover_local"),
        ("SELECT count(), duration WHERE project_id = 7", "transactions_local"),
        ("SELECT group_id WHERE project_id = 7", "errors_local"),
        ("SELECT group_id AS `group_id` WHERE project_id = 7", "errors_local"),
        ("SELECT title WHERE project_id = 7 AND type != 'transaction'", "errors_local"),
        ("SELECT title, group_id WHERE project_id = 7 AND type = 'transaction'", "transactions_local"),
        ("SELECT group_id, duration WHERE project_id = 7", "discover_local"),
    ],
)
def test_discover_picks_its_table_as_snuba_does(snql: str, table: str) -> None:
    assert f"FROM {table} AS" in sql(f"MATCH (discover) {snql}")


@pytest.mark.parametrize(
    ("snql", "reason"),
    [
        ("MATCH (events) SELECT title", "missing required conditions for project_id"),
        ("MATCH (events) SELECT title WHERE (project_id = 7 OR title = 'x')", "missing required conditions"),
        ("MATCH (events) SELECT title WHERE project_id > 0", "missing required conditions"),
        ("MATCH (outcomes) SELECT outcome WHERE org_id = 1", "missing required conditions for timestamp"),
        ("MATCH (nothing) SELECT title WHERE project_id = 7", "not a valid entity"),
        (EVENTS.format("nothing"), "'nothing' does not exist in entity events"),
        (EVENTS.format("title[x]"), "has no keys"),
        (EVENTS.format("sleep(1)"), "'sleep' is not supported"),
        (EVENTS.format("file('/etc/passwd')"), "'file' is not supported"),
        (EVENTS.format("`x`"), "no argument of a lambda"),
        (EVENTS.format("toDateTime('soon')"), "no ISO 8601 time"),
        (EVENTS.format("count() AS `a`, min(group_id) AS `a`"), "two expressions"),
        (EVENTS.format("title") + " AND count() > 1", "cannot stand in WHERE"),
        (EVENTS.format("title") + " LIMIT 10001", "10000 at most"),
        (EVENTS.format("title") + " LIMIT -1", "must not be below 0"),
        (EVENTS.format("count()") + " TOTALS True", "needs a BY clause"),
        (EVENTS.format("title") + "; DROP TABLE errors_local", "Parsing error"),
        (EVENTS.format("title") + " UNION ALL SELECT 1", "Parsing error"),
        ("MATCH (e: events) -[grouped]-> (g: groupedmessage) SELECT e.title", "Parsing error on line 1 at column"),
        ("MATCH (events) SELECT count() ARRAY JOIN title WHERE project_id = 7", "needs an array column"),
        ("", "Parsing error"),
    ],
)
def test_what_is_not_understood_is_refused(snql: str, reason: str) -> None:
    with pytest.raises(InvalidQuery, match=reason):
        sql(snql)


def as_snuba_sdk(text: str) -> str:
    """How snuba-sdk writes a string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_string_is_read_as_snuba_sdk_meant_it(text: str) -> None:
    where = parse(EVENTS.format("title") + f" AND title = {as_snuba_sdk(text)}").where
    assert Literal(text) in where.arguments[1].arguments  # type: ignore[union-attr]


def test_no_string_leaves_its_quotes(store: Store) -> None:
    wild = [
        "'",
        "\\",
        "\\'",
        "'; DROP TABLE errors_local; --",
        "\n\t\0\r\x08",
        "`",
        "ü€🎈",
        "%",
        "{x:String}",
        "\\x41",
        "\\N",
    ]
    for text in wild:
        expression = select(f"concat({as_snuba_sdk(text)}, '')")
        assert store.json(f"SELECT {expression} AS x")["data"] == [{"x": text}]


def test_every_allowed_function_exists_in_the_engine(store: Store) -> None:
    found = {row["name"].lower() for row in store.json("SELECT name FROM system.functions")["data"]}
    wanted = (functions.PLAIN | functions.AGGREGATES) - functions.REWRITTEN
    assert {name for name in wanted if name.lower() not in found} == set()
