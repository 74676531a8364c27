"""People log in to Sentry by Dex: the account that a first login makes, the session, its end, and who stays out."""

from __future__ import annotations

import dataclasses
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fixtures.clients.oidc import Person, origin, told, with_parameters
from fixtures.evidence import Recorder
from fixtures.ingestion import unique
from fixtures.login import LoginUser
from fixtures.login_bench import LoginDesk, Newcomers, account
from fixtures.verdicts import not_applicable

CROWD, AT_ONCE = 50, 5
IDENTITIES = "identities"
FIRST = "a newcomer restarts Dex, which forgets every login under way"


@pytest.mark.requirement("OIDC-001")
def test_a_user_logs_in_by_dex(desk: LoginDesk, record: Recorder) -> None:
    """From Sentry's button over Dex's form back into Sentry, as the member whom Dex named."""
    person = desk.person()
    assert person.may_read() == 401, "a browser without a session reads the organization"
    began = time.monotonic()
    person.log_in(desk.user)
    record.figure("a login", time.monotonic() - began, "s")
    found = account(person)
    assert found["email"] == desk.user.email
    assert person.may_read() == 200, "logged in, but not a member of the organization"


@pytest.mark.requirement("OIDC-001")
def test_session_cookies_are_safe(desk: LoginDesk, record: Recorder) -> None:
    """The session's cookie goes over HTTPS only, is out of reach for scripts, and stays at home in foreign forms."""
    person = desk.person()
    person.log_in(desk.user)
    account(person)
    rows = [
        (one.name, one.secure, one.has_nonstandard_attr("HttpOnly"), str(one.get_nonstandard_attr("SameSite", "")))
        for one in person.session.cookies
    ]
    record.grid("cookies", ("name", "Secure", "HttpOnly", "SameSite"), rows)
    session = [row for row in rows if "sid" in row[0] or "session" in row[0].lower()]
    assert session, "no cookie of a session is there"
    assert [row for row in rows if not row[1]] == [], "cookies that go over plain HTTP too"
    assert [row for row in session if not row[2] or row[3].lower() not in ("lax", "strict")] == []


@pytest.mark.requirement("OIDC-001")
def test_logging_out_ends_the_session(desk: LoginDesk) -> None:
    """Once its owner has logged out, a copy of the session's cookies opens nothing."""
    person, thief = desk.person(), desk.person()
    person.log_in(desk.user)
    account(person)
    thief.session.cookies.update(person.session.cookies)
    assert thief.may_read() == 200, "the copy of a living session does not work: nothing would be proven"
    person.log_out()
    assert (person.may_read(), thief.may_read()) == (401, 401)


@pytest.mark.requirement("OIDC-003", "OIDC-004")
@pytest.mark.parametrize("wrong", ["password", "e-mail"])
def test_dex_refuses_wrong_credentials(desk: LoginDesk, wrong: str) -> None:
    """A wrong password, or somebody whom Dex does not know, gets its form again with 401 and never reaches Sentry."""
    changed = {"password": {"password": "not-the-password"}, "e-mail": {"email": "stranger@example.test"}}[wrong]
    person = desk.person()
    page = person.at_dex(person.start(), dataclasses.replace(desk.user, **changed))
    assert (page.status, page.location) == (401, "")
    assert origin(page.url) == origin(desk.access.dex_url)
    assert [form for form in page.forms if "password" in form.fields], "the form is not shown again"
    assert person.may_read() == 401


@pytest.mark.requirement("OIDC-003", "OIDC-004")
def test_consent_can_be_refused(desk: LoginDesk) -> None:
    """Whoever refuses at Dex what Sentry asks for gets no code, and is not logged in."""
    person = desk.person()
    page, form = person.password_form(person.start())
    page = person.submit(page, form, login=desk.user.email, password=desk.user.password)
    page = person.follow(page, stop="/auth/sso/")
    refusals = [form for form in page.forms if form.fields.get("approval") == "rejected"]
    if not refusals:
        not_applicable("Dex asks for no consent here")
    page = person.follow(person.submit(page, refusals[0]), stop="/auth/sso/")
    assert "code=" not in page.location
    assert person.may_read() == 401


@pytest.mark.requirement("OIDC-002")
@pytest.mark.alone(reason=FIRST)
def test_a_first_login_makes_the_account(desk: LoginDesk, newcomers: Newcomers) -> None:
    """Somebody new gets one account without a password, as a member with the default role, bound to Dex's identity."""
    (user,) = newcomers.take(1)
    assert desk.members(user) == [], "already a member before the first login"
    person = desk.person()
    person.log_in(user)
    found = account(person)
    (member,) = desk.members(user)
    default = desk.api.get(desk.api.organization_path())["defaultRole"]
    assert (member["role"], member["flags"]["sso:linked"], member["pending"]) == (default, True, False)
    assert (found["email"], found["name"]) == (user.email, user.username)
    assert (found["isSuperuser"], found["isStaff"], found["hasPasswordAuth"]) == (False, False, False)
    (identity,) = found[IDENTITIES]
    assert (identity["provider"]["id"], identity["organization"]["slug"]) == ("oidc", desk.access.organization)


@pytest.mark.requirement("OIDC-002")
@pytest.mark.alone(reason=FIRST)
def test_a_second_login_makes_nothing(desk: LoginDesk, newcomers: Newcomers) -> None:
    """The same person in another browser finds the account of the first login, and is asked nothing by Sentry."""
    (user,) = newcomers.take(1)
    first, second = desk.person(), desk.person()
    first.log_in(user)
    before = account(first)
    page = second.log_in(user)
    after = account(second)
    assert "frontend_events" not in page.location, "Sentry signed somebody up again"
    assert after["id"] == before["id"]
    assert [one["id"] for one in after[IDENTITIES]] == [one["id"] for one in before[IDENTITIES]]
    assert len(desk.members(user)) == 1


@pytest.mark.requirement("OIDC-002")
@pytest.mark.alone(reason=FIRST)
def test_a_crowd_of_newcomers_gets_in(desk: LoginDesk, newcomers: Newcomers, record: Recorder) -> None:
    """Fifty new people, five at once, are all let in, at the second try at the latest, and each gets one account.

    Sentry 23.7.1 styles its mail of confirmation with cssutils, which is not safe for threads: some get HTTP 500 first.
    """
    crowd, again = newcomers.take(CROWD), []

    def enter(user: LoginUser) -> tuple[float, str]:
        with Person(access=desk.access, ca=desk.stack.door.ca) as person:
            began = time.monotonic()
            person.log_in(user)
            if person.myself() is None:
                again.append(f"{user.email}: HTTP {person.steps[-1].status}")
                person.log_in(user)
            return time.monotonic() - began, str(account(person)["id"])

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        entered = list(pool.map(enter, crowd))
    seconds = sorted(took for took, _ in entered)
    record.figure("first logins that took a second try", len(again), "logins")
    record.evidence("second tries", again)
    record.figure("first logins, median", statistics.median(seconds), "s")
    record.figure("first logins, p95", seconds[int(len(seconds) * 0.95)], "s")
    assert len({who for _, who in entered}) == CROWD
    doubled = [user.email for user in crowd if len(desk.members(user)) != 1]
    assert doubled == [], "not exactly one member for each"


@pytest.mark.requirement("OIDC-005")
def test_one_session_at_dex_serves_another_login(desk: LoginDesk) -> None:
    """Whoever is logged in at Dex is not asked for a password again by the next service that sends them there."""
    person = desk.person()
    person.log_in(desk.user)
    account(person)
    host = origin(desk.access.dex_url).partition("//")[2].partition(":")[0]
    if not [one for one in person.session.cookies if one.domain.lstrip(".") == host]:
        not_applicable("this Dex keeps no session of its own (2.45 has none): every login asks for the password")
    person.session.cookies.clear(domain=origin(desk.access.sentry_url).partition("//")[2].partition(":")[0])
    page = person.follow(person.start(), stop="/auth/sso/")
    assert not [form for form in page.forms if "password" in form.fields], "asked for a password again"


@pytest.mark.requirement("OIDC-006")
def test_nobody_registers_without_dex(desk: LoginDesk) -> None:
    """Sentry offers no registration, refuses one that is sent all the same, and the organization's page asks Dex."""
    person = desk.person()
    page = person.open(f"{desk.access.sentry_url}/auth/register/")
    form = next(form for form in page.forms if "csrfmiddlewaretoken" in form.fields)
    wanted = {
        "op": "register",
        "name": "Nobody",
        "username": f"{unique('nobody')}@example.test",
        "password": "long-enough-4711",
    }
    person.submit(page, form, **wanted)
    assert person.myself() is None, "an account was registered without Dex"
    own = person.open(f"{desk.access.sentry_url}/auth/login/{desk.access.organization}/")
    assert not [form for form in own.forms if "password" in form.fields], "the organization takes passwords"


@pytest.mark.requirement("OIDC-007")
def test_the_plugin_is_the_provider(desk: LoginDesk) -> None:
    """Sentry has sentry-auth-oidc loaded, and the organization's provider of identities is this one, with a label."""
    known = {one["key"]: one for one in desk.api.get(desk.api.organization_path("auth-providers/"))}
    assert "oidc" in known, f"Sentry knows {', '.join(sorted(known))} only"
    chosen = desk.api.get(desk.api.organization_path("auth-provider/"))
    assert "oidc" in (chosen.get("key"), chosen.get("provider_name")), f"the organization's provider is {chosen}"
    assert known["oidc"]["name"], "OIDC_ISSUER is not set: without a label nobody can set it up in the browser"


@pytest.mark.requirement("OIDC-001", "OIDC-004")
def test_sentry_asks_dex_for_what_it_needs(desk: LoginDesk, record: Recorder) -> None:
    """Sentry sends people to Dex for a code and an e-mail address, back to itself, with a new state each time."""
    first, second = (desk.person().start().location for _ in range(2))
    record.evidence("request", told(first))
    # A plugin may send more that is new each time, and a better one does.
    fresh = dict.fromkeys(("state", "nonce", "code_challenge"))
    assert with_parameters(first, **fresh) == with_parameters(second, **fresh)
    assert first != second, "two logins have the same state"
    asked = dict(part.partition("=")[::2] for part in told(first).partition("?")[2].split("&"))
    assert asked["response_type"] == "code"
    assert {"openid", "email"} <= set(asked["scope"].replace("+", " ").split())
    assert asked["redirect_uri"] == f"{desk.access.sentry_url}/auth/sso/"
