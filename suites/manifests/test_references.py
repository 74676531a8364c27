"""What one manifest names, another one brings."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import references
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-002")


def test_every_secret_that_is_named_exists_with_its_keys(overlay: Rendered, judge: Judge) -> None:
    """Every secret that is mounted or named exists, with the keys that are read of it."""
    judge(references.secrets_resolve, overlay)


def test_every_config_map_that_is_named_exists_with_its_keys(overlay: Rendered, judge: Judge) -> None:
    """Every ConfigMap that is mounted or read exists, with its keys."""
    judge(references.config_maps_resolve, overlay)


def test_every_issuer_exists(overlay: Rendered, judge: Judge) -> None:
    """Every certificate's issuer exists, and every CA issuer's secret is that of a CA certificate."""
    judge(references.issuers_resolve, overlay)


def test_every_service_that_is_named_exists_with_its_port(overlay: Rendered, judge: Judge) -> None:
    """Every Service that a route, a backup or the chart's values name exists, with the port."""
    judge(references.services_resolve, overlay)


def test_every_account_and_role_exists(overlay: Rendered, judge: Judge) -> None:
    """Every service account and role that a pod or a binding names exists."""
    judge(references.accounts_resolve, overlay)


def test_every_service_selects_pods_that_listen(overlay: Rendered, judge: Judge) -> None:
    """Every Service selects pods, and each of its target ports is one of theirs."""
    judge(references.selectors_match, overlay)


def test_backups_name_a_cluster_and_an_object_store(overlay: Rendered, judge: Judge) -> None:
    """Backups, databases and archives name a Cluster and an ObjectStore that exist."""
    judge(references.stores_resolve, overlay)


def test_topics_and_users_belong_to_the_cluster(operators: Rendered, judge: Judge) -> None:
    """Every topic, user and node pool names the Kafka cluster, and every user is a certificate's CN."""
    judge(references.kafka_resolves, operators)


def test_every_middleware_and_transport_of_a_route_exists(overlay: Rendered, judge: Judge) -> None:
    """Every middleware and transport that a route names exists beside it."""
    judge(references.door_resolves, overlay)


def test_every_application_has_its_project_and_path(overlay: Rendered, judge: Judge) -> None:
    """Every application's project exists, and its path is a layer of this overlay."""
    judge(references.applications_resolve, overlay)
