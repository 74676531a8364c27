"""Where things are and what they are called."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import placement
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-002")


def test_services_run_in_one_namespace(overlay: Rendered, judge: Judge) -> None:
    """Every service of the platform runs in sentry-system."""
    judge(placement.one_namespace, overlay)


def test_every_pod_says_its_component(overlay: Rendered, judge: Judge) -> None:
    """Every pod of the platform says which component it is, and that it is part of it."""
    judge(placement.pod_labels, overlay)


def test_every_namespace_is_made(overlay: Rendered, judge: Judge) -> None:
    """Every namespace that is used is made by a layer or an operator, and every object has one."""
    judge(placement.namespaces_exist, overlay)


def test_no_object_is_given_twice(overlay: Rendered, judge: Judge) -> None:
    """No object is given twice by the layers of an overlay."""
    judge(placement.unique, overlay)
