"""What is judged: the overlays of ``manifests/``, rendered once, and the operators' own definitions."""

from __future__ import annotations

import functools
from pathlib import Path

from fixtures.embedded.progress import Display
from fixtures.embedded.store import Store
from fixtures.errors import SetupFailed
from fixtures.home import cache_folder
from fixtures.kind import crds
from fixtures.lint import lists, loading
from fixtures.lint.lists import Operator
from fixtures.lint.model import Rendered
from fixtures.lint.schemas import Definitions

MANIFESTS = Path(__file__).parents[2] / "manifests"
VALUES = MANIFESTS / "sentry" / "values.yaml"
CRDS = "SENTRY_CONFORMANCE_CRDS"
CHART = "SENTRY_CONFORMANCE_CHART"


@functools.cache
def rendered(name: str) -> Rendered:
    """An overlay, rendered once for all checks of this process."""
    return loading.load(MANIFESTS, name)


@functools.cache
def operators() -> dict[str, Operator]:
    """Every pinned operator by its name."""
    return dict(lists.load(MANIFESTS).versions.operators)


def definitions(name: str, given: Path | None) -> Definitions | str:
    """An operator's definitions, or the reason why they cannot be had here. What a person gave counts first."""
    folders: list[Path] = []
    reason = ""
    try:
        folders.append(crds.available(name, operators()[name].crds, Store(cache_folder()), Display()))
    except SetupFailed as error:
        reason = str(error)
    if given is not None:
        folders.append(given)
    return Definitions(folders) if folders else reason
