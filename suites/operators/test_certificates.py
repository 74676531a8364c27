"""Certificates as they were issued: current, with secrets of the right shape, at home, and no CA's key in a pod."""

from __future__ import annotations

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import Judge, require_seen
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import certificates
from fixtures.kubernetes.judgement import spec_of, status_of
from fixtures.lint import inventory
from fixtures.lint.model import Rendered, title
from fixtures.lint.rules import certificates as written
from fixtures.verdicts import not_applicable

COLUMNS = ("certificate", "issuer", "revision", "ends", "renewal")


@pytest.fixture
def issued(platform: Platform) -> Rendered:
    """Certificates and issuers of every namespace that may be looked into."""
    return platform.live("Certificate", "Issuer", "ClusterIssuer", namespaces=platform.everywhere)


@pytest.mark.requirement("PKI-009")
def test_every_certificate_is_current(issued: Rendered, judge_live: Judge, record: Recorder) -> None:
    """Every certificate is issued, valid now, and is renewed before it ends."""
    found = ((title(one), spec_of(one), status_of(one)) for one in inventory.certificates(issued))
    rows = [
        (name, spec["issuerRef"]["name"], status.get("revision"), status.get("notAfter"), status.get("renewalTime"))
        for name, spec, status in found
    ]
    record.grid("certificates", COLUMNS, rows)
    judge_live(certificates.certificates_current, issued)


@pytest.mark.requirement("PKI-009")
def test_every_issuer_is_ready(issued: Rendered, judge_live: Judge) -> None:
    """Every issuer is ready to sign."""
    judge_live(certificates.issuers_ready, issued)


@pytest.mark.requirement("PKI-009")
def test_every_certificates_secret_has_its_shape(platform: Platform, judge_live: Judge) -> None:
    """Every certificate's secret holds a chain up to its ca.crt and the key of its leaf."""
    _require_secrets(platform)
    judge_live(certificates.secret_shapes, platform.certificates_with_secrets())


@pytest.mark.requirement("PKI-001")
def test_the_chain_is_the_one_of_the_record(platform: Platform, judge_live: Judge) -> None:
    """The chain is selfsigned-root, internal-ca, sentry-ca; each issuer signs only the next."""
    require_seen(platform, "cert-manager")
    name = platform.name("cert-manager")
    assert name is not None, "nothing that runs cert-manager can be seen: install it, or name its pods in the target"
    judge_live(written.chain, platform.live("Certificate", namespaces=(platform.namespace, name.namespace)))


@pytest.mark.requirement("PKI-003")
def test_sentry_ca_is_where_it_belongs(issued: Rendered, judge_live: Judge) -> None:
    """sentry-ca is a CA in sentry-system, writes sentry-ca-tls, and the namespace's issuer uses it."""
    judge_live(written.sentry_ca, issued)


@pytest.mark.requirement("PKI-004")
def test_no_pod_gets_the_key_of_a_ca(platform: Platform, judge_live: Judge) -> None:
    """No pod mounts or reads the key of a CA: of such a secret only ca.crt may be taken."""
    judge_live(written.no_ca_key, platform.live("Pod", "Certificate", "Cluster", namespaces=platform.everywhere))


@pytest.mark.requirement("PKI-006")
def test_every_certificate_is_issued_beside_its_user(platform: Platform, judge_live: Judge) -> None:
    """Every secret with a certificate that a pod uses is written by a Certificate of its own namespace."""
    judge_live(certificates.certificates_at_home, platform.live("Pod", "Certificate"))


@pytest.mark.requirement("PKI-006")
def test_no_secret_is_a_copy(platform: Platform, judge_live: Judge) -> None:
    """No secret is copied from another namespace by a program that does so."""
    _require_secrets(platform)
    judge_live(certificates.no_copies, platform.live("Secret"))


def _require_secrets(platform: Platform) -> None:
    """Go on only where this user may read the platform's secrets."""
    __tracebackhide__ = True
    if not platform.kube.may("list", "secrets", namespace=platform.namespace):
        not_applicable(f"this user may not list the secrets of {platform.namespace}, as a restricted one should not")
