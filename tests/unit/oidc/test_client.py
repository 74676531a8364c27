"""Forms, addresses and steps of somebody who logs in, without a stack."""

from __future__ import annotations

from fixtures.clients.oidc import Page, forms_of, origin, parameters, told, with_parameters
from fixtures.login import LoginUser, OidcClient

PAGE = """
<form method="post"><input type="hidden" name="csrf" value="a&amp;b"><input name="login"><input type="password"
name="password"><button name="op" value="login">In</button><button name="op" value="newuser">New</button></form>
<input name="outside" value="1">
<form action="/other?x=1"><input type="checkbox" name="remember"><input type="submit" name="go" value="yes"></form>
"""
URL = "https://dex.test/dex/auth?code=4711&scope=openid+email&state=s3cret"


def test_forms_are_read_with_what_they_hold() -> None:
    first, second = forms_of(PAGE, "https://dex.test/dex/login?state=1")
    assert (first.method, first.action) == ("POST", "https://dex.test/dex/login?state=1")
    assert first.fields == {"csrf": "a&b", "login": "", "password": ""}
    assert first.buttons == {"op": ("login", "newuser")}
    assert (second.method, second.action) == ("GET", "https://dex.test/other?x=1")
    assert (second.fields, second.buttons) == ({}, {"go": ("yes",)})


def test_what_is_told_of_an_address_has_no_secrets() -> None:
    assert told(URL) == "https://dex.test/dex/auth?code=...&scope=openid+email&state=..."
    assert told("") == ""
    assert told("https://dex.test/approval?req=a&hmac=b") == "https://dex.test/approval?req=...&hmac=..."


def test_parameters_can_be_changed_and_left_out() -> None:
    assert parameters(with_parameters(URL, state="x", code=None)) == {"scope": "openid email", "state": "x"}
    assert parameters(with_parameters(URL, state="")) == {"code": "4711", "scope": "openid email", "state": ""}


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("https://sentry.test:8443/a?b") == "https://sentry.test:8443"
    assert origin("https://sentry.test@evil.test/") != origin("https://sentry.test/")


def test_a_page_leads_only_by_a_redirect() -> None:
    assert Page(url=URL, status=303, location=URL, text="").leads
    assert not Page(url=URL, status=200, location=URL, text="").leads
    assert not Page(url=URL, status=302, location="", text="").leads


def test_passwords_and_secrets_are_not_shown() -> None:
    client = OidcClient(id="x", secret="topsecret", redirect_uri="")
    shown = f"{LoginUser(email='a@b', password='hunter2hunter2')!r} {client!r}"
    assert "hunter2" not in shown
    assert "topsecret" not in shown
