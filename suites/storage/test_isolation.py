"""Stores are the operators' own and serve Sentry alone."""

from __future__ import annotations

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster.postgres import Postgres
from fixtures.cluster_bench import Judge
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import stores
from fixtures.kubernetes.judgement import spec_of
from fixtures.lint.model import at

SYSTEM = "postgres"
KNOWN = frozenset({"postgres", "sentry", "suite", "streaming_replica", "cnpg_metrics_exporter"})
"""Roles that may hold a session: Sentry's own, the suite's, and those of the operator."""


@pytest.mark.requirement("STO-005")
def test_no_store_of_the_chart_is_deployed(platform: Platform, judge_live: Judge) -> None:
    """No stateful service that Sentry's chart bundles is deployed."""
    judge_live(stores.no_bundled_store, platform.live("Deployment", "StatefulSet"))


@pytest.mark.requirement("STO-008")
def test_policies_let_only_sentry_into_stores(platform: Platform, judge_live: Judge) -> None:
    """No policy lets anybody into a store but pods of the platform, each by its own label, and the store's operator."""
    judge_live(stores.stores_serve_sentry, platform.live("NetworkPolicy"))


@pytest.mark.requirement("STO-008")
def test_postgres_holds_sentrys_database_only(postgres: Postgres, record: Recorder) -> None:
    """PostgreSQL has one database besides its own, and sessions of the platform's roles only."""
    own = at(spec_of(postgres.document()), "bootstrap.initdb.database", "app")
    databases = set(postgres.ask("SELECT datname FROM pg_database WHERE NOT datistemplate").split("\n"))
    sessions = set(postgres.ask("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IS NOT NULL").split("\n"))
    record.evidence("databases and sessions", {"databases": sorted(databases), "roles": sorted(sessions)})
    assert databases == {SYSTEM, own}
    assert sessions <= KNOWN, f"sessions of {', '.join(sorted(sessions - KNOWN))}"
