"""Every rule is proven to notice: a fault is seeded into the real manifests, and exactly its rule has a new finding."""

from __future__ import annotations

import functools

import pytest

from fixtures.lint import loading
from fixtures.lint.catalogue import RULES
from fixtures.lint.model import Finding
from tests.unit.lint import faults_of_objects, faults_of_services, faults_of_settings
from tests.unit.lint.draft import Draft, sound
from tests.unit.lint.faults import Fault

FAULTS = (*faults_of_objects.FAULTS, *faults_of_settings.FAULTS, *faults_of_services.FAULTS)


@functools.cache
def before(overlay: str) -> frozenset[Finding]:
    return frozenset(found for rule in RULES.values() for found in rule(sound(overlay)))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_noticed_by_its_rule_alone(fault: Fault) -> None:
    draft = Draft.of(sound(fault.overlay))
    fault.seed(draft)
    broken = draft.rendered()
    new = {found for rule in RULES.values() for found in rule(broken)} - before(fault.overlay)
    noticed = {found.rule for found in new}
    assert noticed == {fault.rule, *fault.also}, "\n".join(f"{f.rule}: {f.resource}: {f.sentence}" for f in new)
    assert all(found.sentence and found.next_step for found in new)


def test_every_rule_has_a_fault() -> None:
    assert set(RULES) - {fault.rule for fault in FAULTS} == set()


def test_faults_have_names_of_their_own() -> None:
    assert len({str(fault) for fault in FAULTS}) == len(FAULTS)
    assert {rule for fault in FAULTS for rule in fault.also} <= set(RULES)


def test_a_copy_that_nothing_was_done_to_has_no_new_finding() -> None:
    for overlay in loading.OVERLAYS:
        copied = Draft.of(sound(overlay)).rendered()
        assert frozenset(found for rule in RULES.values() for found in rule(copied)) == before(overlay)
