"""The table of lies, and how outcomes under them are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.oidc import lies
from fixtures.oidc.lies import LIES, Expectation, Lie, Outcome, Reached, Trial, fault_of, is_anothers, rows
from fixtures.oidc.tokens import CHANGES
from fixtures.requirements import load_requirements
from fixtures.waivers import load_waivers

SUITES = Path(__file__).parents[3] / "suites"
SAFE = "suites/oidc/test_hostile.py::test_no_lie_leads_to_the_account_of_another_person"


def _trial(lie: Lie, outcome: Outcome, **more: object) -> Trial:
    return Trial(lie=lie, outcome=outcome, said="so it went", **more)  # type: ignore[arg-type]


def test_the_table_is_whole() -> None:
    assert len(LIES) >= 14
    assert len({lie.name for lie in LIES}) == len(LIES)
    assert all(lie.section and lie.sentence.endswith(".") for lie in LIES)
    assert all(bool(lie.remedy) == lie.names_another for lie in LIES)
    assert set(CHANGES) <= set(LIES)
    assert {lie.expectation for lie in LIES} == set(Expectation)


@pytest.mark.parametrize(
    ("lie", "outcome", "said"),
    [
        (lies.HONEST, Outcome.LET_IN, ""),
        (lies.HONEST, Outcome.REFUSED, "refused (so it went)"),
        (lies.HONEST, Outcome.BROKEN, "the login broke"),
        (lies.EXPIRED, Outcome.LET_IN, "let in, against section 3.1.3.7 (9)"),
        (lies.EXPIRED, Outcome.REFUSED, ""),
        (lies.EXPIRED, Outcome.BROKEN, "the login broke"),
        (lies.WRONG_AT_HASH, Outcome.LET_IN, ""),
        (lies.WRONG_AT_HASH, Outcome.REFUSED, ""),
        (lies.WRONG_AT_HASH, Outcome.BROKEN, "the login broke"),
    ],
)
def test_an_outcome_is_held_against_the_standard(lie: Lie, outcome: Outcome, said: str) -> None:
    found = fault_of(_trial(lie, outcome))
    assert found.startswith(said) if said else not found


def test_a_nonce_is_wanted_back_only_where_one_was_sent() -> None:
    assert not fault_of(_trial(lies.NO_NONCE, Outcome.LET_IN))
    assert fault_of(_trial(lies.NO_NONCE, Outcome.LET_IN, nonce=True)).startswith("let in")
    assert not fault_of(_trial(lies.NO_NONCE, Outcome.REFUSED, nonce=True))


def test_a_lie_is_told_once_the_client_comes_for_it() -> None:
    assert not _trial(lies.EXPIRED, Outcome.REFUSED, asked=True).told
    assert _trial(lies.EXPIRED, Outcome.REFUSED, asked=True, redeemed=True).told
    assert _trial(lies.REPLAYED, Outcome.REFUSED, asked=True).told
    assert not _trial(lies.REPLAYED, Outcome.REFUSED).told


def test_an_account_is_anothers_when_it_was_there_or_has_another_address() -> None:
    account = Reached(id="7", email="Me@example.test")
    assert not is_anothers(account, {"1"}, "me@example.test")
    assert is_anothers(account, {"1", "7"}, "me@example.test")
    assert is_anothers(account, {"1"}, "you@example.test")


def test_the_table_for_a_reviewer_says_whose_account_was_reached() -> None:
    mine = Reached(id="1", email="me@example.test")
    told = rows(
        [
            _trial(lies.HONEST, Outcome.LET_IN, account=mine),
            _trial(lies.MIXED_UP, Outcome.LET_IN, account=mine, taken_over=True),
            _trial(lies.EXPIRED, Outcome.REFUSED),
        ]
    )
    assert [row[5] for row in told] == ["a new one of their own", "ANOTHER PERSON'S", "none"]
    assert all(len(row) == len(lies.COLUMNS) for row in told)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_that_anothers_account_is_reached_is_never_waived(lie: Lie) -> None:
    waivers = load_waivers(SUITES / "waivers.yaml", load_requirements(SUITES / "requirements.yaml"))
    assert not [one for one in waivers if one.covers(f"{SAFE}[{lie.name}]", ["OIDC-008"])]
