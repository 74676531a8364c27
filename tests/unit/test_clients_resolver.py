"""The resolver must teach this process names and be removable without a trace."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from fixtures.clients import resolver


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    resolver.remove()
    yield
    resolver.remove()


def _addresses(host: str) -> set[str]:
    return {str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}


def test_localhost_names_and_taught_names_resolve() -> None:
    resolver.install({"Sentry.Example.Test": "127.0.0.9"})
    assert _addresses("sentry.localhost") == {"127.0.0.1"}
    assert _addresses("sentry.example.test") == {"127.0.0.9"}
    assert _addresses("127.0.0.1") == {"127.0.0.1"}


def test_installing_twice_adds_names_and_removing_forgets_all() -> None:
    before = socket.getaddrinfo
    resolver.install({"a.example.test": "127.0.0.2"})
    resolver.install({"b.example.test": "127.0.0.3"})
    assert _addresses("a.example.test") == {"127.0.0.2"}
    assert _addresses("b.example.test") == {"127.0.0.3"}
    resolver.remove()
    resolver.remove()
    assert socket.getaddrinfo is before
    assert resolver.address_of("a.example.test") is None


def test_other_names_are_left_to_dns() -> None:
    assert resolver.address_of("localhost") is None
    assert resolver.address_of("example.test") is None
    assert resolver.address_of("notlocalhost") is None
