"""What Sentry makes of a provider that lies: Dex is away, and one of ours stands in its place with its certificate."""

from __future__ import annotations

import pytest

from fixtures.evidence import Recorder
from fixtures.hostile_bench import HostileBench
from fixtures.oidc import lies
from fixtures.oidc.lies import LIES, Lie, Outcome
from fixtures.verdicts import unknown

pytestmark = pytest.mark.alone(reason="it takes Dex away and puts a false provider in its place")
ABOUT_ONESELF = tuple(lie for lie in LIES if not lie.names_another)


@pytest.mark.requirement("OIDC-004")
@pytest.mark.parametrize("lie", ABOUT_ONESELF, ids=lambda lie: lie.name)
def test_a_provider_is_believed_as_far_as_the_standard_says(hostile: HostileBench, lie: Lie, record: Recorder) -> None:
    """Who comes with a token that the standard wants refused stays out, and who comes with a good one gets in."""
    fault = lies.fault_of(hostile.trial(lie, record))
    assert not fault, fault


@pytest.mark.requirement("OIDC-008")
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_no_lie_leads_to_the_account_of_another_person(hostile: HostileBench, lie: Lie, record: Recorder) -> None:
    """Whatever a provider says, nobody gets into the account of another person."""
    trial = hostile.trial(lie, record)
    remedy = lie.remedy or "look at what the plugin takes for the subject"
    assert not trial.taken_over, f"{trial.account} was reached: {lie.sentence} Next: {remedy}"
    if lie.names_another and trial.outcome is Outcome.BROKEN:
        unknown(f"the login broke before anybody's account could be reached: {trial.said}")


@pytest.mark.requirement("OIDC-004")
def test_every_lie_reaches_sentry(hostile: HostileBench, record: Recorder) -> None:
    """Sentry hears every lie, so that the table of the hostile provider is whole."""
    trials = hostile.every()
    record.grid("hostile provider", lies.COLUMNS, lies.rows(trials))
    record.figure("lies that were told", len(trials), "lies")
    deaf = [trial.lie.name for trial in trials if not trial.told]
    assert not deaf, f"Sentry never heard of {', '.join(deaf)}: {trials[0].said}"
