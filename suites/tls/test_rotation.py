"""Certificates that change while events flow: served in time, nothing lost, as upstream says; and a move to another CA.

A trickle of two events a second goes through the door all the while. Each check makes the renewals that it judges,
unless one before it did; what the last two judge is everything that was renewed.
"""

from __future__ import annotations

import pytest

from fixtures.evidence import Recorder
from fixtures.ledger import Fate
from fixtures.rotation_bench import Rotation
from fixtures.telling import tell
from fixtures.timeouts import LIMITS
from fixtures.tls import rotation as rules
from fixtures.verdicts import unknown

pytestmark = pytest.mark.alone(reason="it restarts servers and changes the certificates of all")

LISTENERS = ("postgres", "valkey", "kafka", "kafka-internal", "kafka-controller", "clickhouse", "dex", "door")
CLIENTS = ("relay", "snuba", "sentry-worker")


@pytest.mark.requirement("PKI-008")
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_renewed_certificate_is_served(rotation: Rotation, record: Recorder, listener: str) -> None:
    """The listener shows the renewed certificate's serial within the stated time."""
    step = rotation.of_listener(listener)
    rotation.show([step], record)
    tell(tuple(rules.unserved(step, listener, LIMITS.certificate_served)), record)


@pytest.mark.requirement("PKI-008")
@pytest.mark.parametrize("component", rules.UPSTREAM)
def test_rotation_does_what_upstream_says(rotation: Rotation, record: Recorder, component: str) -> None:
    """The component takes up a renewed certificate in the way that upstream documents: unaided, told, or restarted."""
    steps = rotation.of_component(component)
    rotation.show(steps, record)
    tell(tuple(rules.contradictions(component, steps)), record)


@pytest.mark.requirement("PKI-008")
@pytest.mark.parametrize("component", CLIENTS)
def test_clients_go_on(rotation: Rotation, record: Recorder, component: str) -> None:
    """With its client certificate renewed the component goes on: an event that is sent afterwards is stored."""
    steps = rotation.of_client(component)
    rotation.show(steps, record)
    tell([finding for step in steps for finding in rules.broken_off(step)], record)


@pytest.mark.requirement("PKI-008")
def test_the_certificates_of_all_others_can_change(rotation: Rotation, record: Recorder) -> None:
    """Administrators', replicas' and the suite's own certificates are renewed, and events flow and are seen on."""
    steps = rotation.of_others(CLIENTS)
    rotation.show(steps, record)
    tell([finding for step in steps for finding in rules.broken_off(step)], record)


@pytest.mark.requirement("PKI-008")
def test_the_ca_moves_by_a_bundle(rotation: Rotation, record: Recorder) -> None:
    """The platform moves to a new CA by a bundle of both roots, goes on at every step, and is whole afterwards."""
    steps = rotation.move()
    rotation.show(steps, record)
    record.evidence("secrets afterwards", "\n".join(rotation.renewals.inconsistencies()) or "all lead to one root")
    tell([finding for step in steps for finding in rules.broken_off(step)], record)
    assert not rotation.renewals.inconsistencies(), "the stack was not left as it was found"


@pytest.mark.requirement("PKI-008")
def test_no_acknowledged_event_is_lost(rotation: Rotation, record: Recorder) -> None:
    """Every event that the door acknowledged while certificates changed is stored exactly once.

    It judges whatever was renewed before it; run alone, that is one certificate.
    """
    steps = list(rotation.steps.values()) or [rotation.of_listener(LISTENERS[0])]
    verdict = rotation.verdict()
    rotation.show(steps, record)
    record.evidence("ledger", str(verdict))
    for fate, count in verdict.counts.items():
        record.figure(f"events {fate}", count, "events")
    if not verdict.counts.get(Fate.STORED):
        unknown(f"nothing was acknowledged and stored while certificates changed: {verdict}")
    bad = [one.sentence for one in verdict.judgements if one.fate in (Fate.LOST, Fate.DUPLICATED)]
    assert not bad, str(verdict)
