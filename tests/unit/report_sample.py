"""A report with something in every field: what the tests of reports share."""

from __future__ import annotations

from datetime import UTC, date, datetime

from reports.build import Clause, Records, build
from reports.models import (
    CheckResult,
    ComponentFact,
    Evidence,
    Figure,
    Grid,
    Hop,
    Level,
    LinkFact,
    ListenerFact,
    Machine,
    Report,
    Run,
    StackFacts,
    Timeline,
    UsageFact,
    Verdict,
    WaiverResult,
)

CLAUSES = [
    Clause(id=name, topic="ingestion", level=Level.CORE, sentence=f"Sentence of {name}.", where="Context")
    for name in ("ING-001", "ING-002")
] + [
    Clause(
        id="CAP-001",
        topic="capacity",
        level=Level.CORE,
        sentence="It takes what it must.",
        where="Context",
        unjudged="needs the load tests, planned",
    )
]


def check(name: str, verdict: Verdict, requirement: str = "ING-001", reason: str = "") -> CheckResult:
    return CheckResult(
        id=f"suites/test_a.py::{name}",
        purpose=f"Purpose of {name}.",
        requirements=[requirement],
        verdict=verdict,
        reason=reason,
        seconds=1.5,
        evidence=[Evidence(name="answer", path=f"evidence/{name}/answer.json", bytes=12)],
    )


def report(*checks: CheckResult, exit_code: int | None = 0, finished: bool = True, problem: str = "") -> Report:
    return build(
        run=Run(
            id="r1",
            started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            seconds=61.0,
            command=["pytest", "suites/"],
            finished=finished,
            exit_code=exit_code,
            commit="abc123",
            machine=Machine(cores=2, memory_bytes=2**33, python="3.11.7", system="Linux x86_64"),
        ),
        stack=StackFacts(
            kind="embedded",
            components=[ComponentFact(name="snuba", version="1", provenance="stand-in", note="of ours")],
            links=[LinkFact(client="relay", server="web", protocol="http", policy="plaintext", reason="as upstream")],
            listeners=[
                ListenerFact(
                    name="web", component="web", port=9000, protocol="http", policy="plaintext", reason="as upstream"
                )
            ],
            usage=[UsageFact(component="snuba", cpu_seconds=2.0, memory_bytes=2**20, processes=1)],
        ),
        clauses=CLAUSES,
        records=Records(
            checks=list(checks),
            figures=[Figure(check="c", name="accepted to row", value=0.25, unit="s")],
            timelines=[
                Timeline(
                    check="c", event_id="ab" * 16, hops=[Hop(name="relay", seconds=0.1), Hop(name="row", seconds=0.4)]
                )
            ],
            grids=[Grid(check="c", name="topics", columns=["topic", "lag"], rows=[["events", None]])],
            waivers=[
                WaiverResult(
                    target="ING-002", reason="known", upstream="issue", expires=date(2099, 1, 1), problem=problem
                )
            ],
        ),
    )
