"""The JSON Schema of ``report.json``, published for readers that are not this program."""

from __future__ import annotations

import json
from pathlib import Path

from reports.models import SCHEMA_VERSION, Report

PUBLISHED = Path(__file__).parent / f"report-{SCHEMA_VERSION}.json"


def text() -> str:
    """The schema as it follows from the models."""
    schema = Report.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"
