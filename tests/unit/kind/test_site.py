"""A cluster's folder: addresses that do not collide, records that are read back, locks that end with their holder."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fixtures.errors import BadInput, SetupFailed
from fixtures.kind import site


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", str(tmp_path))
    monkeypatch.setattr(site, "NETWORK", "127.0.91.")  # a cluster of this user may run on the real one


def test_each_cluster_gets_an_address_of_its_own() -> None:
    first, second = site.make("one", kept=False), site.make("two", kept=True)
    assert first.address != second.address
    assert site.load("two") == second
    assert {found.name for found in site.everyone()} == {"one", "two"}
    assert oct(site.folder().stat().st_mode & 0o777) == "0o700"


def test_a_cluster_that_is_made_again_keeps_a_free_address() -> None:
    first = site.make("one", kept=False)
    assert site.make("one", kept=False).address == first.address


def test_an_address_somebody_listens_on_is_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind((f"{site.NETWORK}1", 9094))
        taken.listen()
        assert site.make("one", kept=False).address == f"{site.NETWORK}2"


def test_more_clusters_than_addresses_are_refused() -> None:
    for number in range(site.ADDRESSES):
        site.make(f"c{number}", kept=False)
    with pytest.raises(SetupFailed, match=r"all 8 addresses .* are in use .*next: remove clusters"):
        site.make("one-more", kept=False)


def test_a_broken_record_is_one_sentence() -> None:
    made = site.make("one", kept=True)
    (made.folder / site.FILE).write_text("{")
    with pytest.raises(BadInput, match="the record of cluster one cannot be used") as refused:
        site.load("one")
    assert "\n" not in str(refused.value)


def test_a_lock_is_held_once_and_freed_with_its_descriptor() -> None:
    lock = site.take("one")
    assert lock is not None
    assert site.take("one") is None
    os.close(lock)
    again = site.take("one")
    assert again is not None
    os.close(again)


def test_a_forgotten_cluster_leaves_nothing() -> None:
    made = site.make("one", kept=False)
    made.forget()
    assert site.load("one") is None
    assert not made.folder.exists()
