"""Faults of a Dex that is careless: a man in the middle between the door and Dex changes one thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.detection.fault import Fault
from tests.detection.faults.oidc_names import (
    BOUND,
    CONSENT,
    ISSUER,
    KEYS,
    LOGS_IN,
    MADE_UP,
    OFFERS,
    ONCE,
    REDEEMED,
    SHOWN,
    TOLD,
    UNDER_WAY,
    USERINFO,
    VERIFIER,
)
from tests.detection.oidc_proxy import Answer, Forward, Request, Twist, between, with_form, with_query
from tests.detection.workshop import Workshop

JSON = {"Content-Type": "application/json"}


def _document(place: str, change: Callable[[Any], None]) -> Twist:
    """Change the JSON that is served at one place."""

    def twist(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.place != place:
            return answer
        found = json.loads(answer.body)
        change(found)
        return replace(answer, body=json.dumps(found).encode())

    return twist


def _open_redirect(request: Request, forward: Forward) -> Answer:
    """Where Dex shows an error to a stranger, lead them on instead."""
    answer = forward(request)
    if not 400 <= answer.status < 500 or request.method != "GET":
        return answer
    target = request.query.get("redirect_uri") or "https://evil.example/"
    return Answer(status=303, headers={"Location": with_query(target, code="made-up")})


def _never_an_error(request: Request, forward: Forward) -> Answer:
    """Where Dex tells Sentry of an error, send a code."""
    answer = forward(request)
    if "error=" not in answer.headers.get("Location", ""):
        return answer
    headers = {**answer.headers, "Location": with_query(request.query["redirect_uri"], code="made-up", state="s")}
    return replace(answer, headers=headers)


def _any_code(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    if request.place == "/token" and answer.status >= 400:
        return Answer(status=200, headers=JSON, body=json.dumps({"access_token": "made-up-token"}).encode())
    return answer


def _codes_twice() -> Twist:
    """What a code was exchanged for is given again."""
    given: dict[str, Answer] = {}

    def twist(request: Request, forward: Forward) -> Answer:
        if request.place != "/token":
            return forward(request)
        code = request.form.get("code", "")
        if code not in given:
            answer = forward(request)
            if answer.status != 200:
                return answer
            given[code] = answer
        return given[code]

    return twist


def _consent_anyway(request: Request, forward: Forward) -> Answer:
    if request.form.get("approval") == "rejected":
        request = with_form(request, approval="approve")
    return forward(request)


def _open_userinfo(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    return (
        Answer(status=200, headers=JSON, body=b"{}")
        if request.place == "/userinfo" and answer.status >= 400
        else answer
    )


def _inject(twist: Twist) -> Callable[[Workshop], None]:
    return lambda workshop: between(workshop, twist)


FAULTS = (
    Fault(
        id="dex-names-another-issuer",
        sentence="Discovery names the issuer by its name inside of the cluster.",
        stands_for="an issuer that differs inside and outside",
        inject=_inject(
            _document("/.well-known/openid-configuration", lambda found: found.update(issuer="https://dex.svc/dex"))
        ),
        must_fail=(ISSUER,),
        must_pass=(LOGS_IN, OFFERS),
        quick=True,
    ),
    Fault(
        id="dex-publishes-private-keys",
        sentence="The key set holds the private halves.",
        stands_for="a key set that was exported as a whole",
        inject=_inject(_document("/keys", lambda found: found["keys"][0].update(d="AQAB"))),
        must_fail=(KEYS,),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="dex-redirects-strangers",
        sentence="Dex leads strangers to any address instead of showing them an error.",
        stands_for="an open redirector: redirect URIs compared by their beginning",
        inject=_inject(_open_redirect),
        must_fail=(SHOWN, UNDER_WAY),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="dex-never-tells-an-error",
        sentence="Dex sends a code where it should tell Sentry of an error.",
        stands_for="scopes and response types that nobody looks at",
        inject=_inject(_never_an_error),
        must_fail=(TOLD,),
        must_pass=(LOGS_IN, SHOWN),
    ),
    Fault(
        id="dex-takes-any-code",
        sentence="Whatever is exchanged, Dex gives a token.",
        stands_for="a token endpoint that trusts its network",
        inject=_inject(_any_code),
        must_fail=(MADE_UP, BOUND, VERIFIER, REDEEMED),
        must_pass=(LOGS_IN, SHOWN),
    ),
    Fault(
        id="dex-takes-codes-twice",
        sentence="A code is good more than once.",
        stands_for="several Dex with a storage each",
        inject=lambda workshop: between(workshop, _codes_twice()),
        must_fail=(ONCE, REDEEMED),
        must_pass=(LOGS_IN, MADE_UP),
    ),
    Fault(
        id="dex-takes-no-for-yes",
        sentence="Whoever refuses consent has given it.",
        stands_for="a form whose two buttons send the same",
        inject=_inject(_consent_anyway),
        must_fail=(CONSENT,),
        must_pass=(LOGS_IN, SHOWN),
    ),
    Fault(
        id="dex-tells-everybody",
        sentence="Userinfo answers without a good token.",
        stands_for="a cache in front of Dex",
        inject=_inject(_open_userinfo),
        must_fail=(USERINFO,),
        must_pass=(LOGS_IN, KEYS),
    ),
)
