"""Operators' resources fit the operators' own definitions: an unknown field is an error, not dropped in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.evidence import Recorder
from fixtures.lint import schemas
from fixtures.lint.model import Rendered
from fixtures.telling import tell
from suites.manifests import subject
from suites.manifests.judging import not_to_be_had


@pytest.mark.requirement("MAN-001")
@pytest.mark.parametrize("operator", subject.operators())
def test_resources_fit_the_operators_definitions(
    operator: str, both: tuple[Rendered, ...], given_definitions: Path | None, record: Recorder
) -> None:
    """Every resource has only fields that its operator's definition knows, each of the right type."""
    pinned = subject.operators()[operator]
    found = subject.definitions(operator, given_definitions)
    if isinstance(found, str):
        not_to_be_had(found)
    judged = [schemas.judge(overlay, found, pinned.apis) for overlay in both]
    unknown = [kind for _, missing in judged for kind in missing]
    findings = [finding for some, _ in judged for finding in some]
    record.figure(operator, pinned.version, "")
    if unknown and not findings:
        not_to_be_had(f"there is no definition of {unknown[0]}")
    tell(findings, record)
