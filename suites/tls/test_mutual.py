"""Every mTLS link, tried with its client's own certificate and with every kind of bad one, by a real command."""

from __future__ import annotations

import pytest

from fixtures.evidence import Recorder
from fixtures.mutual_bench import REQUIREMENTS, Mutual, MutualBench, mutual
from fixtures.tls.forging import KINDS, WRONG_NAME, Kind
from fixtures.verdicts import not_applicable

STRANGER = next(kind for kind in KINDS if kind.name == WRONG_NAME)
# Until 9.0 Valkey knows no user by certificate: that is judged, and waived, by a check of its own.
NAMELESS = "redis"
# Redis and Valkey have one user for all until they are told others.
EVERYBODY = "default"
LINKS = [
    pytest.param(link, id=link.name, marks=pytest.mark.requirement(REQUIREMENTS[link.protocol])) for link in mutual()
]
TRIALS = [
    pytest.param(
        link, kind, id=f"{link.name}-{kind.name}", marks=pytest.mark.requirement(REQUIREMENTS[link.protocol], "TLS-008")
    )
    for link in mutual()
    for kind in KINDS
    if (link.protocol, kind.name) != (NAMELESS, WRONG_NAME)
]


@pytest.mark.parametrize("link", LINKS)
def test_a_client_is_taken_for_its_user(mutual_bench: MutualBench, link: Mutual, record: Recorder) -> None:
    """A client with its own certificate gets its command carried out, as the user that the certificate names."""
    answer = mutual_bench.try_on(link, mutual_bench.good(link.client), record, what="its own certificate")
    assert answer.accepted, f"{link.name}: the client's own certificate was {answer}"
    assert answer.user == (EVERYBODY if link.protocol == NAMELESS else link.user), str(answer)


@pytest.mark.parametrize(("link", "kind"), TRIALS)
def test_a_bad_client_is_refused(mutual_bench: MutualBench, link: Mutual, kind: Kind, record: Recorder) -> None:
    """A client whose certificate has one thing wrong, or who shows none, gets nothing done."""
    answer = mutual_bench.try_on(link, mutual_bench.bad(link, kind), record, what=kind.sentence)
    assert answer.refused, f"{link.name}: a client with a certificate that is {kind.sentence} was {answer}"


@pytest.mark.requirement("TLS-003")
def test_valkey_takes_no_certificate_of_a_stranger(mutual_bench: MutualBench, record: Recorder) -> None:
    """Valkey refuses a certificate of the right CA that names no user of it."""
    found = mutual_bench.of(NAMELESS)
    if not found:
        not_applicable("this stack has no mTLS link to Valkey")
    shown = mutual_bench.bad(found[0], STRANGER)
    answer = mutual_bench.try_on(found[0], shown, record, what=STRANGER.sentence)
    assert answer.refused, f"a certificate that is {STRANGER.sentence} was {answer}"
