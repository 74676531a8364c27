"""Every topic that is used is declared, with rights, and fits the brokers."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import topics
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-011")


def test_every_topic_that_is_used_exists(operators: Rendered, judge: Judge) -> None:
    """Every topic that Relay, Sentry, Snuba or the task broker uses exists: brokers make none themselves."""
    judge(topics.topics_exist, operators)


def test_every_client_may_do_what_it_does(operators: Rendered, judge: Judge) -> None:
    """Every client of Kafka may read what it reads and write what it writes."""
    judge(topics.topics_allowed, operators)


def test_topics_fit_the_cluster(operators: Rendered, judge: Judge) -> None:
    """Topics fit the cluster: replicas within its nodes, one partition where Snuba wants it, sizes brokers take."""
    judge(topics.topics_fit, operators)
