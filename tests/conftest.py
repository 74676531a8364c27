"""Installed servers for the project's own tests: a missing one fails the test with the command that installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.embedded import install
from fixtures.embedded.recipes import maven, wheels
from fixtures.embedded.store import Store
from fixtures.embedded.tools import Tools
from fixtures.home import cache_folder

SMALL = ("postgresql", "redis", "nginx", "traefik", "dex")


def _places(names: tuple[str, ...]) -> dict[str, Path]:
    """The cache entries of these servers; never installs, which may take many minutes."""
    store = Store(cache_folder())
    recipes = install.recipes(store.root)
    found = {name: store.find(recipes[name]) for name in names}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        pytest.fail(f"not installed: {', '.join(missing)}; next: python -m fixtures.embedded.install", pytrace=False)
    return {name: place for name, place in found.items() if place is not None}


@pytest.fixture(scope="session")
def small_tools() -> Tools:
    """The servers that are neither built from source nor large; the other paths lead nowhere."""
    places = _places(SMALL)
    nowhere = Path("/nonexistent")
    return Tools(
        postgres_bin=places["postgresql"] / wheels.POSTGRES_BIN,
        java=nowhere,
        kafka_libs=nowhere,
        redis_server=places["redis"] / maven.REDIS,
        nginx=places["nginx"] / wheels.NGINX,
        traefik=places["traefik"] / wheels.TRAEFIK,
        dex=places["dex"] / "dex",
        relay=nowhere,
        sentry_python=nowhere,
        sentry_database=nowhere,
    )


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Every server of the embedded stack."""
    _places(tuple(install.recipes(cache_folder())))
    return install.installed()
