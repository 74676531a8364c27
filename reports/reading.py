"""Reads the records that runs leave, and says in one sentence why one cannot be read.

Every record is JSON with a ``schema_version`` and a ``digest`` over the rest. An older version is brought up to date, a
newer one is refused: what it means is not known here. Nothing is ever repaired or removed.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from reports.capacity_models import Capacity
from reports.load_models import LOAD_SCHEMA_VERSION, LoadRun
from reports.models import SCHEMA_VERSION, Report
from reports.reproduce import asks_for_all

Record = TypeVar("Record", bound=BaseModel)
Plain = dict[str, Any]


class ReportError(Exception):
    """A record that cannot be read, as one sentence."""


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[Record]):
    """A kind of record: its word, its model, the version this program writes, and the way up from older ones.

    ``upgrades`` maps a version to what turns its data into that of the next one.
    """

    word: str
    model: type[Record]
    version: int
    upgrades: Mapping[int, Callable[[Plain], Plain]]


def load(path: Path) -> Report:
    """Read a report back. :raises ReportError: missing, broken, changed since, or of an unknown schema version."""
    return read(path, REPORT)


def load_run(path: Path) -> LoadRun:
    """Read the record of a load run back. :raises ReportError: as ``load``."""
    return read(path, LOAD)


def load_capacity(path: Path) -> Capacity:
    """Read a sign-off of capacity back. :raises ReportError: as ``load``."""
    return read(path, CAPACITY)


def read(path: Path, kind: Kind[Record]) -> Record:
    """A record of this kind. :raises ReportError: one sentence with the file, what is wrong and what to do."""
    data = plain(path, kind.word)
    version = data.get("schema_version")
    known = isinstance(version, int) and not isinstance(version, bool)
    if not known or (version != kind.version and version not in kind.upgrades):
        raise ReportError(f"the {kind.word} {path} cannot be read: {_of_version(version, kind.version)}")
    sealed = data.get("digest") == digest_of(data)
    upgraded = _upgraded(data, kind)
    try:
        record = kind.model.model_validate(upgraded)
    except ValidationError as error:
        raise ReportError(f"the {kind.word} {path} is broken: {first_fault(error)}") from error
    if not sealed:
        raise ReportError(f"the {kind.word} {path} was changed after it was written: its digest does not match")
    return record


def plain(path: Path, word: str) -> Plain:
    """The object that a file holds. :raises ReportError: it is missing, no text, no JSON or no object."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(f"there is no {word} at {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ReportError(f"the {word} {path} is broken: it is no UTF-8 text at byte {error.start}") from error
    return parse(text, f"the {word} {path}")


def parse(text: str, what: str) -> Plain:
    """The object that a text holds. :raises ReportError: it ends early, is no JSON or no object."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        why = f"it ends in the middle, after {len(text.encode())} bytes" if cut else f"it is no JSON ({error})"
        raise ReportError(f"{what} is broken: {why}") from error
    except RecursionError as error:
        raise ReportError(f"{what} is broken: it is nested too deeply to be one of ours") from error
    if not isinstance(data, dict):
        raise ReportError(f"{what} cannot be read: it names no schema version that is known")
    return data


def digest_of(data: Mapping[str, object]) -> str:
    """SHA-256 over the content without the digest itself, in canonical JSON."""
    content = {key: value for key, value in data.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def digest(record: BaseModel) -> str:
    """The digest of a record, from the very JSON that is written."""
    return digest_of(json.loads(record.model_dump_json()))


def seal(record: Record) -> Record:
    """The same record with its digest."""
    return record.model_copy(update={"digest": digest(record)})


def first_fault(error: ValidationError) -> str:
    """The first complaint of a model, with its place."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{place}: {fault['msg']}"


def _of_version(version: object, known: int) -> str:
    newer = isinstance(version, int) and version > known
    hint = "it is newer than this program: update the suite" if newer else "it names no schema version that is known"
    return f"{hint} (version {version!r}, known is up to {known})"


def _upgraded(data: Plain, kind: Kind[Record]) -> Plain:
    """The data as the newest version has it; sealed anew where it had to be changed."""
    version = data["schema_version"]
    if version == kind.version:
        return data
    while version != kind.version:
        data = {**kind.upgrades[version](data), "schema_version": version + 1}
        version += 1
    try:
        return {**data, "digest": digest(kind.model.model_validate(data))}
    except ValidationError:
        return data  # the caller tells what is wrong


def _report_of_version_1(data: Plain) -> Plain:
    """Version 1 kept the command as a list only, and no word on how much was asked for."""
    run = data.get("run")
    if not isinstance(run, dict):
        return data
    command = [str(part) for part in run.get("command", [])]
    profile = "full" if asks_for_all(command) and not run.get("deselected") else "selection"
    return {**data, "run": {**run, "profile": profile, "reproduce": shlex.join(command)}}


REPORT = Kind(
    word="report", model=Report, version=SCHEMA_VERSION, upgrades={1: _report_of_version_1}
)  # fmt: skip
CAPACITY = Kind(word="sign-off", model=Capacity, version=1, upgrades={})
LOAD = Kind(word="load record", model=LoadRun, version=LOAD_SCHEMA_VERSION, upgrades={})
