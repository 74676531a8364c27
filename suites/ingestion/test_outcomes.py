"""Nothing unexplained: everything sent is stored, filtered, limited or invalid, and the statistics say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from fixtures.clients.clickhouse import OutcomeCount
from fixtures.clients.envelope import Item, envelope, new_event_id
from fixtures.clients.sentry_api import ProjectRef
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench, Sender
from fixtures.timeouts import LIMITS
from fixtures.waiting import Reached, wait_for

ERROR = 1  # the data category of errors
NAMES = {0: "accepted", 1: "filtered", 2: "rate_limited", 3: "invalid"}
STORED, FILTERED, ALLOWED, BEYOND, INVALID = 6, 3, 2, 4, 2


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """A project that was sent some of everything, with what must become of it."""

    project: ProjectRef
    stored: tuple[Sender, ...]
    expected: Mapping[str, int]

    @property
    def sent(self) -> int:
        """How many events were sent altogether."""
        return sum(self.expected.values())


@pytest.fixture(scope="module")
def mixture(bench: Bench) -> Mixture:
    """Good events, filtered ones, ones beyond a key's limit, and ones that are no JSON."""
    project = bench.project("outcomes")
    bench.api.update_project(project.slug, options={"filters:error_messages": "IgnoreMe*"})
    limited = bench.api.create_key(project.slug, "limited", rate_limit={"window": 86_400, "count": ALLOWED})
    good, few = bench.sender(project), bench.sender(project, key=limited)
    for _ in range(STORED):
        good.event()
    for _ in range(FILTERED):
        bench.door.event(project.id, project.key.public, {"exception": [{"type": "IgnoreMe", "value": "x"}]})
    for _ in range(INVALID):
        broken = envelope(Item(type="event", payload=b"{nope"), event_id=new_event_id())
        assert bench.door.envelope(project.id, project.key.public, broken).status == 200
    for _ in range(ALLOWED + BEYOND):
        few.event()
    expected = {"accepted": STORED + ALLOWED, "filtered": FILTERED, "rate_limited": BEYOND, "invalid": INVALID}
    return Mixture(project=project, stored=(good, few), expected=expected)


def _by_name(found: tuple[OutcomeCount, ...]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for outcome in found:
        if outcome.category == ERROR:
            counted[NAMES.get(outcome.outcome, str(outcome.outcome))] += outcome.quantity
    return dict(counted)


@pytest.mark.requirement("ING-007")
def test_everything_sent_has_exactly_one_outcome(bench: Bench, mixture: Mixture, record: Recorder) -> None:
    """Sent is the sum of accepted, filtered, limited and invalid, each as large as what was sent of it."""
    found = bench.outcomes(
        mixture.project,
        lambda seen: None if sum(_by_name(seen).values()) >= mixture.sent else f"not yet {mixture.sent} outcomes",
    )
    record.grid("outcomes", ("outcome", "reason", "events"), [(o.outcome, o.reason, o.quantity) for o in found])
    assert _by_name(found) == dict(mixture.expected)
    assert {o.reason for o in found if o.outcome == 3} == {"invalid_json"}


@pytest.mark.requirement("ING-007")
def test_accepted_outcomes_are_the_stored_rows(bench: Bench, mixture: Mixture) -> None:
    """As many events are accepted by outcome as there are rows of the project, no more and no fewer."""
    wanted = mixture.expected["accepted"]
    sql = "SELECT count() AS n, uniqExact(event_id) AS u FROM errors_local FINAL WHERE project_id = %(project)s"

    def probe() -> Reached[dict[str, int]] | str:
        (row,) = bench.clickhouse.query(sql, project=mixture.project.id)
        return Reached(row) if row["n"] >= wanted else f"{row['n']} of {wanted} rows"

    limit = LIMITS.hop_events + LIMITS.hop_row
    assert wait_for("all rows of the project", probe, timeout=limit, details=bench.positions) == {
        "n": wanted,
        "u": wanted,
    }


@pytest.mark.requirement("ING-007", "ING-012")
def test_the_statistics_page_agrees(bench: Bench, mixture: Mixture) -> None:
    """The statistics API shows the same sums by outcome as ClickHouse holds."""

    def probe() -> Reached[dict[str, int]] | str:
        counted: Counter[str] = Counter()
        for group in bench.api.outcome_totals(mixture.project.id):
            if group["by"]["category"] == "error":
                counted[group["by"]["outcome"]] += int(group["totals"]["sum(quantity)"])
        found = {name: count for name, count in counted.items() if count}
        return Reached(found) if found == dict(mixture.expected) else f"{found} instead of {dict(mixture.expected)}"

    wait_for("the statistics to agree", probe, timeout=LIMITS.outcome, interval=0.5)
