"""Sentry's chart is told the profile, the stores and the certificates that the ADR wants."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import sentry
from suites.manifests.judging import Judge


@pytest.mark.requirement("MAN-007")
def test_no_bundled_store_is_deployed(operators: Rendered, judge: Judge) -> None:
    """No stateful service that the chart bundles is deployed."""
    judge(sentry.external_stores, operators)


@pytest.mark.requirement("MAN-007")
def test_only_what_errors_need_runs(operators: Rendered, judge: Judge) -> None:
    """Only what errors need runs: the profile says so, and all else is off by name."""
    judge(sentry.errors_only, operators)


@pytest.mark.requirement("MAN-007")
def test_events_are_kept_for_30_days(operators: Rendered, judge: Judge) -> None:
    """Events are kept for 30 days: by Sentry's setting, and by a clean-up that has the time for it."""
    judge(sentry.retention, operators)


@pytest.mark.requirement("MAN-007")
def test_nothing_is_installed_as_a_hook(operators: Rendered, judge: Judge) -> None:
    """What the chart installs belongs to its release: nothing runs as a hook that nobody would upgrade."""
    judge(sentry.no_hooks, operators)


@pytest.mark.requirement("PKI-005")
def test_every_workload_mounts_its_certificate(operators: Rendered, judge: Judge) -> None:
    """Every workload of the chart mounts its own client certificate at /tls."""
    judge(sentry.client_certificates, operators)


@pytest.mark.requirement("MAN-007")
def test_sentry_shows_certificates_and_verifies(operators: Rendered, judge: Judge) -> None:
    """Sentry's own settings give PostgreSQL, Kafka and Valkey a client certificate, and verify each server."""
    judge(sentry.sentry_links, operators)


@pytest.mark.requirement("MAN-007")
def test_snuba_shows_certificates_and_verifies(operators: Rendered, judge: Judge) -> None:
    """Snuba reaches Kafka with its certificate, and ClickHouse through a proxy of its pod that adds it."""
    judge(sentry.snuba_links, operators)


@pytest.mark.requirement("MAN-007")
def test_the_proxy_to_clickhouse_is_closed_and_verifies(operators: Rendered, judge: Judge) -> None:
    """The proxy to ClickHouse listens on loopback only, verifies by chain and name, and shows CN=snuba."""
    judge(sentry.clickhouse_proxy, operators)


@pytest.mark.requirement("MAN-007")
def test_relay_shows_its_certificate_and_verifies(operators: Rendered, judge: Judge) -> None:
    """Relay reaches Kafka with its certificate and verifies the broker."""
    judge(sentry.relay_links, operators)


@pytest.mark.requirement("MAN-007")
def test_the_task_broker_shows_its_certificate_and_verifies(operators: Rendered, judge: Judge) -> None:
    """The broker of tasks reaches Kafka and PostgreSQL with Sentry's certificate, and verifies both."""
    judge(sentry.tasks_links, operators)
