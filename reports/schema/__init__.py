"""The JSON Schemas of every record that machines read, published for readers that are not this program.

A published version is never changed again, only followed by the next one: ``python -m reports schema --write`` writes
those of today, and older ones stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from reports.capacity_models import Capacity
from reports.history_models import HISTORY_VERSION, Entry
from reports.load_models import LOAD_SCHEMA_VERSION, LoadRun
from reports.models import SCHEMA_VERSION, Report

FOLDER = Path(__file__).parent

#: Word of the kind, version of today, model.
KINDS: Mapping[str, tuple[int, type[BaseModel]]] = {
    "report": (SCHEMA_VERSION, Report),
    "load": (LOAD_SCHEMA_VERSION, LoadRun),
    "capacity": (1, Capacity),
    "history": (HISTORY_VERSION, Entry),
}


def published(kind: str) -> Path:
    """Where the schema of today of this kind lies."""
    return FOLDER / f"{kind}-{KINDS[kind][0]}.json"


def text(kind: str) -> str:
    """The schema as it follows from the model."""
    schema = KINDS[kind][1].model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
