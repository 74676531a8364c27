"""The report as data: schema version 2 of ``report.json``, checked whenever one is written or read.

Version 2 added who ran it, its profile and how to run it again, digests of components, an index page for each
failure, and owners of waivers; ``reading`` still reads version 1. Seconds are wall-clock seconds, sizes are bytes,
moments are ISO 8601 with a zone.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 2

Scalar = str | int | float | bool | None


class Verdict(enum.StrEnum):
    """What is known of a check or a requirement. Only ``pass`` is a success."""

    PASS = "pass"  # noqa: S105  (a verdict)
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    NOT_RUN = "not-run"


class Level(enum.StrEnum):
    """Core clauses make the platform what the ADR says; extended ones make it better."""

    CORE = "core"
    EXTENDED = "extended"


class Model(BaseModel):
    """Closed and immutable: an unknown field is an error, not a surprise later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Machine(Model):
    """Where the run took place."""

    cores: int
    memory_bytes: int
    python: str
    system: str


class Run(Model):
    """One invocation. ``exit_code`` is null and ``finished`` false while it runs, and for ever where it was killed.

    ``ended_by`` says what stopped it early: Ctrl-C, or a stack that could not be brought up. ``who`` is the user that
    started it; ``profile`` says how much of the suite was asked for: ``full`` (every check), ``selection`` or
    ``quick``; ``reproduce`` is one line of shell that judges the same again.
    """

    id: str
    started: datetime
    seconds: float
    command: list[str]
    finished: bool
    exit_code: int | None
    ended_by: str = ""
    commit: str | None = None
    machine: Machine
    deselected: int = 0
    who: str = ""
    profile: Literal["full", "selection", "quick"] = "full"
    reproduce: str = ""


class ComponentFact(Model):
    """One part of the platform and what was judged in its place. ``digest`` names the very build, where it is known."""

    name: str
    version: str
    provenance: Literal["real", "substitute", "stand-in"]
    note: str = ""
    managed_by: str = ""
    digest: str = ""


class LinkFact(Model):
    """A network path and how it is protected; plaintext carries the reason. ``listener`` is the port it leads to."""

    client: str
    server: str
    protocol: str
    policy: Literal["plaintext", "tls", "mtls"]
    reason: str = ""
    listener: str = ""


class ListenerFact(Model):
    """A declared port, and what it was seen to speak: empty where nobody asked it in this run.

    ``demanded`` tells that a client without a certificate was refused; ``until`` is the end of the certificate shown.
    """

    name: str
    component: str
    port: int
    protocol: str
    policy: Literal["plaintext", "tls", "mtls"]
    reason: str = ""
    seen: Literal["", "plaintext", "tls", "mtls"] = ""
    versions: list[str] = []
    subject: str = ""
    issuer: str = ""
    until: str = ""
    demanded: bool = False
    trouble: str = ""


class UsageFact(Model):
    """What one component cost by the end: cumulative CPU seconds, memory in bytes, processes."""

    component: str
    cpu_seconds: float
    memory_bytes: int
    processes: int


class StackFacts(Model):
    """The platform under test, as it described itself. No components: it never came up."""

    kind: str
    components: list[ComponentFact] = []
    links: list[LinkFact] = []
    listeners: list[ListenerFact] = []
    usage: list[UsageFact] = []


class Evidence(Model):
    """A file of the run's folder, redacted; ``path`` is relative to the folder."""

    name: str
    path: str
    bytes: int


class CheckResult(Model):
    """One check: what it is for, what it proves, what came out and why.

    ``left_out``: it is not-run because the run was asked for without what it needs, such as an operator whose image
    cannot be built. ``page`` is the index of its evidence, relative to the run's folder, where it failed or is unknown.
    """

    id: str
    purpose: str
    requirements: list[str]
    verdict: Verdict
    reason: str = ""
    left_out: bool = False
    seconds: float = 0.0
    evidence: list[Evidence] = []
    page: str = ""


class RequirementResult(Model):
    """A clause of the ADR with the verdict of all its checks together."""

    id: str
    topic: str
    level: Level
    sentence: str
    where: str
    verdict: Verdict
    reason: str = ""
    checks: list[str] = []
    note: str = ""


class Figure(Model):
    """A number that a check measured."""

    check: str
    name: str
    value: Scalar
    unit: str


class Hop(Model):
    """A stage of an event's way and the seconds since it was sent when the event was seen there."""

    name: str
    seconds: float


class Timeline(Model):
    """One event's way. ``file`` replaces the hops where they were too large for the report."""

    check: str
    event_id: str
    hops: list[Hop] = []
    file: str | None = None


class Grid(Model):
    """A small table, such as topics by consumer groups. ``file`` replaces rows that were too large."""

    check: str
    name: str
    columns: list[str]
    rows: list[list[Scalar]] = []
    file: str | None = None


class WaiverResult(Model):
    """A waiver as it stood in this run. ``problem`` is a sentence where it fails the run; ``owner`` sees to its end."""

    target: str
    reason: str
    upstream: str
    expires: date
    used_by: list[str] = []
    problem: str = ""
    owner: str = ""
    stacks: list[str] = []


class Report(Model):
    """A whole run. ``digest`` is the SHA-256 over everything else, so that a changed report is noticed."""

    schema_version: Literal[2] = 2
    run: Run
    stack: StackFacts
    requirements: list[RequirementResult]
    checks: list[CheckResult]
    figures: list[Figure] = []
    timelines: list[Timeline] = []
    grids: list[Grid] = []
    waivers: list[WaiverResult] = []
    digest: str = Field(default="", pattern="^([0-9a-f]{64})?$")
