"""Orders the checks of this folder.

A reader gets the hop-by-hop verdict first; checks that disturb the stack come last.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FIRST = "test_hops.py"
FOLDER = Path(__file__).parent


def _rank(item: pytest.Item) -> int:
    if item.path.name == FIRST:
        return 0
    return 2 if item.get_closest_marker("alone") else 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order this folder's checks among themselves; those of other folders keep their places.

    With several workers a file stays with one of them, so that what its checks share is sent once.
    """
    places = [number for number, item in enumerate(items) if FOLDER in item.path.parents]
    ordered = sorted((items[number] for number in places), key=_rank)
    for number, item in zip(places, ordered, strict=True):
        items[number] = item
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
