"""Forged and repeated callbacks: a state that is not the session's own, a code used twice, ways to other sites.

RFC 6749 sections 4.1.2 and 10.12, RFC 9700 sections 4.7 and 4.11.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from fixtures.clients.oidc import origin, parameters, told, with_parameters
from fixtures.evidence import Recorder
from fixtures.login_bench import LoginDesk, account
from fixtures.verdicts import not_applicable

pytestmark = pytest.mark.requirement("OIDC-004")

STATES = {"missing": None, "empty": "", "forged": "0123456789abcdef0123456789abcdef"}
ELSEWHERE = {
    "absolute": "https://evil.example/",
    "without scheme": "//evil.example/",
    "backslash": "/\\evil.example/",
    "without slashes": "https:evil.example",
    "script": "javascript:alert(1)",
    "suffix": "https://{host}.evil.example/",
    "user": "https://{host}@evil.example/",
    "dot": "https://evil.example/.{host}",
}


@pytest.mark.parametrize("kind", STATES)
def test_a_state_that_is_not_its_own_is_refused(desk: LoginDesk, kind: str) -> None:
    """A callback with a good code and a state that is missing, empty or forged does not log in."""
    person = desk.person()
    back = desk.code_for(person, desk.user)
    person.back_in_sentry(person.open(with_parameters(back.location, state=STATES[kind])))
    assert person.myself() is None, f"logged in with a state that is {kind}"


def test_the_state_of_another_session_is_refused(desk: LoginDesk) -> None:
    """A victim who is lured to an attacker's callback, state and all, is not logged in as the attacker."""
    attacker, victim = desk.person(), desk.person()
    back = desk.code_for(attacker, desk.user)
    victim.start()
    victim.back_in_sentry(victim.open(back.location))
    assert victim.myself() is None, "logged in with the state of another session (RFC 6749, 10.12)"
    attacker.back_in_sentry(back)
    account(attacker)


def test_a_code_is_good_once(desk: LoginDesk) -> None:
    """A code that has let somebody in lets nobody in again, not even with a good state."""
    first, second = desk.person(), desk.person()
    back = desk.code_for(first, desk.user)
    first.back_in_sentry(back)
    account(first)
    state = parameters(second.start().location)["state"]
    second.back_in_sentry(second.open(with_parameters(back.location, state=state)))
    assert second.myself() is None, "a code worked twice"


@pytest.mark.parametrize("query", ["", "?code=guessed&state=guessed", "?error=access_denied&state=guessed"])
def test_a_callback_out_of_the_blue_leads_to_the_login(desk: LoginDesk, query: str) -> None:
    """Without a login under way the callback only sends people to Sentry's own page of login."""
    person = desk.person()
    page = person.open(f"{desk.access.sentry_url}/auth/sso/{query}")
    assert (page.status, page.location) == (302, f"{desk.access.sentry_url}/auth/login/")
    assert person.myself() is None


def test_an_error_of_the_provider_is_no_login(desk: LoginDesk) -> None:
    """An error that comes back with the right state ends without a session."""
    person = desk.person()
    state = parameters(person.start().location)["state"]
    page = person.open(f"{desk.access.sentry_url}/auth/sso/?error=access_denied&state={state}")
    assert page.status < 500
    assert person.myself() is None


@pytest.mark.parametrize("missing", ["token", "referer"])
def test_a_foreign_site_cannot_start_a_login(desk: LoginDesk, missing: str) -> None:
    """Without Sentry's own anti-forgery token, or from a page of another site, its button does nothing."""
    person = desk.person()
    page = person.open(f"{desk.access.sentry_url}/auth/login/{desk.access.organization}/")
    form = next(form for form in page.forms if form.fields.get("init"))
    fields = dict(form.fields)
    if missing == "token":
        fields["csrfmiddlewaretoken"] = "x" * 64
    referer = page.url if missing == "token" else "https://evil.example/"
    answer = person.session.post(
        form.action, data=fields, headers={"Referer": referer}, allow_redirects=False, timeout=desk.patience
    )
    assert (answer.status_code, answer.headers.get("Location", "")) == (403, "")


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_next_never_leads_elsewhere(desk: LoginDesk, record: Recorder, kind: str) -> None:
    """After a login whose ``next`` names another site, the browser stays on Sentry's own."""
    wanted = ELSEWHERE[kind].format(host=urlsplit(desk.access.sentry_url).hostname)
    person = desk.person()
    page = person.back_in_sentry(desk.code_for(person, desk.user, wanted))
    record.evidence("where it leads", f"{wanted} -> {told(page.location)}")
    account(person)
    assert page.leads
    assert origin(page.location) == origin(desk.access.sentry_url)
    assert "evil" not in page.location, "told to the browser, whose reading of such an address may differ"


def test_next_leads_to_a_page_of_sentry(desk: LoginDesk) -> None:
    """After a login somebody who came from a page of Sentry is back there."""
    wanted = f"/organizations/{desk.access.organization}/issues/?query=is%3Aunresolved"
    person = desk.person()
    page = person.back_in_sentry(desk.code_for(person, desk.user, wanted))
    assert page.location == f"{desk.access.sentry_url}{wanted}"


def test_logging_out_leads_nowhere_else(desk: LoginDesk) -> None:
    """``next`` of the page to log out does not lead to another site either."""
    person = desk.person()
    person.log_in(desk.user)
    page = person.open(f"{desk.access.sentry_url}/auth/logout/?next=https://evil.example/")
    if not page.forms:
        not_applicable(f"the page to log out has no form: HTTP {page.status}")
    page = person.submit(page, page.forms[0])
    assert origin(page.location) == origin(desk.access.sentry_url)
    assert person.myself() is None
