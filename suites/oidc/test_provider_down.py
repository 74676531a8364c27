"""Dex is away: a login ends with a page that a person can read, events pass untouched, and it comes back by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import requests

from fixtures.clients.http import Sessions
from fixtures.clients.oidc import Page, told
from fixtures.evidence import Recorder
from fixtures.ingestion import Bench
from fixtures.login_bench import LoginDesk, account
from fixtures.stack import Capability, Door, Stack
from fixtures.timeouts import LIMITS
from fixtures.verdicts import require
from fixtures.waiting import Reached, wait_for

pytestmark = [
    pytest.mark.requirement("OIDC-001"),
    pytest.mark.alone(reason="it stops Dex, and every login under way with it"),
]


@contextlib.contextmanager
def without_dex(stack: Stack) -> Iterator[None]:
    """Dex is stopped; at the end it runs again, and the door has noticed."""
    names = [name for name, component in stack.controls.servers().items() if component == "dex"]
    try:
        for name in names:
            stack.controls.stop(name)
        yield
    finally:
        for name in names:
            stack.controls.start(name)
        _await_door(stack.door)


def _await_door(door: Door) -> None:
    sessions = Sessions(ca=door.ca)

    def probe() -> Reached[None] | str:
        try:
            answer = sessions.get().get(f"{door.dex_url}/.well-known/openid-configuration", timeout=LIMITS.http)
        except requests.RequestException as error:
            return str(error)
        return Reached(None) if answer.ok else f"HTTP {answer.status_code}"

    try:
        wait_for("Dex behind the door", probe, timeout=LIMITS.http, interval=0.2)
    finally:
        sessions.close()


def told_page(page: Page) -> dict[str, object]:
    """What a person sees."""
    return {"address": told(page.url), "status": page.status, "location": told(page.location), "text": page.text[:2000]}


def test_without_dex_a_login_ends_with_an_answer(desk: LoginDesk, record: Recorder) -> None:
    """Sentry's page stays, its button leads to an error of the door at once, and nobody is logged in."""
    require(desk.stack, Capability.CONTROLS)
    person = desk.person()
    with without_dex(desk.stack):
        page = person.follow(person.start())
    record.evidence("what a person sees", told_page(page))
    assert page.status in (502, 503, 504)
    assert person.myself() is None
    assert max(step.milliseconds for step in person.steps) < LIMITS.unaided * 1000, "somebody waits for nothing"


def test_dex_away_in_the_middle_of_a_login_is_told(desk: LoginDesk, record: Recorder) -> None:
    """When Dex goes between its form and the exchange of the code, Sentry says so instead of breaking."""
    require(desk.stack, Capability.CONTROLS)
    person = desk.person()
    back = desk.code_for(person, desk.user)
    with without_dex(desk.stack):
        page = person.back_in_sentry(back)
        record.evidence("what a person sees", told_page(page))
        assert person.myself() is None, "logged in without the provider"
    assert page.status < 500, f"Sentry breaks with HTTP {page.status} instead of saying that the provider is away"


def test_events_and_sessions_do_not_need_dex(desk: LoginDesk, bench: Bench, record: Recorder) -> None:
    """While Dex is away events are stored as ever, and who is logged in stays so."""
    require(desk.stack, Capability.CONTROLS)
    person = desk.person()
    person.log_in(desk.user)
    account(person)
    sender = bench.sender(bench.project("no-dex"))
    with without_dex(desk.stack):
        sender.event()
        bench.require_stored(sender, record)
        assert person.may_read() == 200


def test_login_works_again_once_dex_is_back(desk: LoginDesk, record: Recorder) -> None:
    """After Dex is back a login works within seconds, with nothing else restarted."""
    require(desk.stack, Capability.CONTROLS)
    with without_dex(desk.stack):
        away = desk.person()
        away.follow(away.start())

    def probe() -> Reached[None] | str:
        person = desk.person()
        page = person.start()
        page = person.follow(page)
        if page.status != 200:
            return f"Dex's page answers HTTP {page.status}"
        person.log_in(desk.user)
        return Reached(None) if person.myself() else f"not logged in, the last step was {person.steps[-1]}"

    wait_for("a login once Dex is back", probe, timeout=LIMITS.recovered, interval=0.5)
    record.figure("browsers until a login worked", len(desk.browsers) - 1, "browsers")
