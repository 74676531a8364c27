"""Certificates: who signs whom, for which names and purposes, how long, and who gets the key."""

from __future__ import annotations

import pytest

from fixtures.lint.model import Rendered
from fixtures.lint.rules import certificates
from suites.manifests.judging import Judge


@pytest.mark.requirement("PKI-001")
def test_each_issuer_signs_only_the_next(overlay: Rendered, judge: Judge) -> None:
    """The chain is selfsigned-root, internal-ca, sentry-ca; each issuer signs only the next."""
    judge(certificates.chain, overlay)


@pytest.mark.requirement("PKI-003")
def test_sentry_ca_is_what_the_record_says(overlay: Rendered, judge: Judge) -> None:
    """sentry-ca is a CA in sentry-system, writes sentry-ca-tls, and the namespace's issuer uses it."""
    judge(certificates.sentry_ca, overlay)


@pytest.mark.requirement("MAN-006")
def test_servers_carry_every_form_of_their_names(overlay: Rendered, judge: Judge) -> None:
    """A server's certificate carries every form of the name of every Service before it."""
    judge(certificates.names_cover_services, overlay)


@pytest.mark.requirement("MAN-006")
def test_certificates_allow_what_they_are_for(overlay: Rendered, judge: Judge) -> None:
    """A server's certificate allows server auth, a client's client auth, and none allows what it is not for."""
    judge(certificates.purposes, overlay)


@pytest.mark.requirement("PKI-005")
def test_a_clients_subject_is_its_name_alone(overlay: Rendered, judge: Judge) -> None:
    """A client's certificate says exactly CN=<client>: no other part of a subject, no name of a server."""
    judge(certificates.client_subjects, overlay)


@pytest.mark.requirement("MAN-006")
def test_cas_outlive_their_leafs_and_keep_their_keys(overlay: Rendered, judge: Judge) -> None:
    """A CA outlives its leafs at least three times and keeps its key; leafs get a new key each time."""
    judge(certificates.lifetimes, overlay)


@pytest.mark.requirement("PKI-009")
def test_leafs_are_renewed_by_two_thirds_of_their_life(overlay: Rendered, judge: Judge) -> None:
    """A leaf is renewed when two thirds of its life are over, or earlier."""
    judge(certificates.renewals, overlay)


@pytest.mark.requirement("MAN-006")
def test_renewed_certificates_are_loaded(overlay: Rendered, judge: Judge) -> None:
    """Every secret of CloudNativePG carries cnpg.io/reload, or a renewed certificate is never loaded."""
    judge(certificates.reload_labels, overlay)


@pytest.mark.requirement("MAN-006")
def test_keys_are_in_the_form_that_java_reads(overlay: Rendered, judge: Judge) -> None:
    """Keys that Kafka and its clients read are PKCS#8: Java reads no other PEM."""
    judge(certificates.key_format, overlay)


@pytest.mark.requirement("PKI-004")
def test_nobody_gets_the_key_of_a_ca(overlay: Rendered, judge: Judge) -> None:
    """No pod, operator or route gets the key of a CA: of such a secret only ca.crt may be mounted."""
    judge(certificates.no_ca_key, overlay)


@pytest.mark.requirement("MAN-006")
def test_mounted_keys_are_closed_to_others(overlay: Rendered, judge: Judge) -> None:
    """A mounted private key is closed to others than its owner and group."""
    judge(certificates.key_modes, overlay)
