"""Images and versions: exact, listed once, from places that live."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import images
from suites.manifests.judging import Judge

pytestmark = pytest.mark.requirement("MAN-003")


def test_every_image_has_an_exact_tag(overlay: Rendered, judge: Judge) -> None:
    """Every image has an exact tag: never none, never one that moves."""
    judge(images.exact_tags, overlay)


def test_every_image_is_listed(overlay: Rendered, judge: Judge) -> None:
    """Every image is in manifests/versions.yaml with the same tag and digest."""
    judge(images.listed_images, overlay)


def test_every_image_of_a_registry_has_its_digest(overlay: Rendered, judge: Judge) -> None:
    """Every image of a registry is pinned by its digest, which no push can change."""
    judge(images.digests, overlay)


def test_no_image_comes_from_a_place_that_ended(overlay: Rendered, judge: Judge) -> None:
    """No image comes from a place that has ended or gets no fixes."""
    judge(images.living_registries, overlay)


def test_built_images_are_never_pulled(overlay: Rendered, judge: Judge) -> None:
    """An overlay of built images uses no other, and never asks to pull one."""
    judge(images.built_images, overlay)


def test_charts_are_those_of_the_list(operators: Rendered, judge: Judge) -> None:
    """Charts of applications and the release of Sentry are those of manifests/versions.yaml."""
    judge(images.operator_versions, operators)


def test_kubernetes_is_one_that_operators_support(overlay: Rendered, judge: Judge) -> None:
    """The Kubernetes that is built lies within what every operator supports."""
    judge(images.kubernetes_range, overlay)
