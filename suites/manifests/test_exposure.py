"""What listens and how: declared ports only, and TLS with client certificates in every store."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import exposure
from suites.manifests.judging import Judge


@pytest.mark.requirement("MAN-004")
def test_every_port_is_declared(overlay: Rendered, judge: Judge) -> None:
    """Every port of a container and of a Service is a declared link, or listed with the reason why."""
    judge(exposure.declared_ports, overlay)


@pytest.mark.requirement("MAN-005")
def test_postgres_takes_client_certificates_only(overlay: Rendered, judge: Judge) -> None:
    """PostgreSQL lets in TLS with a client certificate only: its own last line rejects the rest."""
    judge(exposure.postgres_access, overlay)


@pytest.mark.requirement("MAN-005")
def test_kafka_takes_client_certificates_only(operators: Rendered, judge: Judge) -> None:
    """Kafka has mTLS listeners only, its own server certificate, and access lists; no topic makes itself."""
    judge(exposure.kafka_access, operators)


@pytest.mark.requirement("MAN-005")
def test_clickhouse_opens_tls_ports_only(operators: Rendered, judge: Judge) -> None:
    """ClickHouse opens TLS ports only, knows users by certificate, and has no user default."""
    judge(exposure.clickhouse_access, operators)


@pytest.mark.requirement("MAN-005")
def test_valkey_runs_with_tls(operators: Rendered, judge: Judge) -> None:
    """Valkey runs with TLS by the cluster's issuer, and keeps what it has on disk."""
    judge(exposure.valkey_access, operators)


@pytest.mark.requirement("MAN-005")
def test_valkey_demands_client_certificates(overlay: Rendered, judge: Judge) -> None:
    """Valkey demands a client certificate, and has no port without TLS."""
    judge(exposure.valkey_demands_certificates, overlay)


@pytest.mark.requirement("MAN-005")
def test_the_door_refuses_unknown_names(overlay: Rendered, judge: Judge) -> None:
    """The door refuses unknown names and old TLS, and every route is HTTPS with a certificate of ours."""
    judge(exposure.door_closed, overlay)


@pytest.mark.requirement("MAN-005")
def test_plain_http_is_redirected(overlay: Rendered, judge: Judge) -> None:
    """Plain HTTP at the door is sent to HTTPS and answers nothing else."""
    judge(exposure.door_redirects, overlay)


@pytest.mark.requirement("MAN-005")
def test_dex_is_reached_by_verified_https(overlay: Rendered, judge: Judge) -> None:
    """Dex listens with TLS only and is reached by HTTPS, verified by chain and name."""
    judge(exposure.dex_encrypted, overlay)
