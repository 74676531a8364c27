"""Secrets of the platform: made once, coupled where one must equal another, never replaced."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures.clients.kube_names import ResourceName
from fixtures.kind import secrets

MANIFESTS = Path(__file__).parents[3] / "manifests"


class Cluster:
    """What the maker asks of a cluster: secrets by name."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], dict[str, str]] = {}
        self.writes = 0

    def find(self, name: ResourceName) -> Mapping[str, Any] | None:
        return {} if (name.namespace, name.name) in self.made else None

    def secret(self, namespace: str, name: str) -> dict[str, bytes]:
        return {key: value.encode() for key, value in self.made[namespace, name].items()}

    def apply(self, document: Mapping[str, Any]) -> None:
        metadata, self.writes = document["metadata"], self.writes + 1
        values = {key: base64.b64decode(value).decode() for key, value in document["data"].items()}
        self.made[metadata["namespace"], metadata["name"]] = values


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    secrets.ensure(made, MANIFESTS, overlay="built")  # type: ignore[arg-type]
    return made


def test_what_must_be_equal_is(cluster: Cluster) -> None:
    dex, sentry = cluster.made["sentry-system", "dex-secrets"], cluster.made["sentry-system", "sentry-secrets"]
    assert sentry["OIDC_CLIENT_SECRET"] == dex["SENTRY_CLIENT_SECRET"]
    stores = [cluster.made[namespace, "object-store-credentials"] for namespace in ("object-store", "sentry-system")]
    assert stores[0] == stores[1]


def test_passwords_are_kept_for_who_logs_in_and_hashed_for_dex(cluster: Cluster) -> None:
    dex, suite = cluster.made["sentry-system", "dex-secrets"], cluster.made["sentry-system", "conformance-suite"]
    assert dex["DEX_ADMIN_HASH"].startswith("$2b$10$")
    assert len(suite["admin-password"]) == 24
    assert suite["admin-password"] != suite["user-password"]


def test_relays_identity_is_one(cluster: Cluster) -> None:
    identity = cluster.made["sentry-system", "relay-identity"]
    credentials = json.loads(identity["credentials.json"])
    assert (credentials["id"], credentials["public_key"]) == (identity["id"], identity["public_key"])
    assert set(credentials) == {"id", "public_key", "secret_key"}


def test_a_second_installation_changes_no_secret(cluster: Cluster) -> None:
    before, writes = json.dumps(list(cluster.made.values())), cluster.writes
    secrets.ensure(cluster, MANIFESTS, overlay="built")  # type: ignore[arg-type]
    assert (json.dumps(list(cluster.made.values())), cluster.writes) == (before, writes)


def test_secrets_of_another_overlay_are_not_made(cluster: Cluster) -> None:
    assert ("clickhouse-operator", "clickhouse-operator-credentials") not in cluster.made
