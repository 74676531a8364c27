"""Faults of Dex's configuration and of Sentry's side of a login."""

from __future__ import annotations

from typing import Any

from fixtures.embedded.servers import dex
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE
from tests.detection.faults.oidc_names import (
    ANSWER,
    ASKS,
    AWAY,
    BACK,
    BROWSER,
    COOKIES,
    CREDENTIALS,
    CROWD,
    ELSEWHERE_NEXT,
    ERROR,
    FIRST,
    FOREIGN,
    ISSUER,
    LOG_OUT,
    LOG_OUT_NEXT,
    LOGS_IN,
    NEXT,
    OFFERS,
    OTHER_SESSION,
    OUT_OF_THE_BLUE,
    PLUGIN,
    REGISTER,
    SECOND,
    STATE,
    TOKEN,
    TOLD,
    UNTOUCHED,
)
from tests.detection.workshop import Workshop

DEX, WEB = "dex/config.yaml", "sentry-web"

STATE_IGNORED = """
genuine = OAuth2Callback.dispatch
def dispatch(self, request, helper):
    request.GET = request.GET.copy()
    request.GET["state"] = helper.fetch_state("state")
    return genuine(self, request, helper)
OAuth2Callback.dispatch = dispatch
"""
EVERYBODY_OWNS = """
genuine = AuthIdentityHandler._handle_membership
def membership(self, request, organization, auth_identity):
    user, member = genuine(self, request, organization, auth_identity)
    from sentry.models import OrganizationMember
    OrganizationMember.objects.filter(id=member.id).update(role="owner")
    return user, member
AuthIdentityHandler._handle_membership = membership
"""
NOBODY_KNOWN = """
genuine = VerifiedProvider.build_identity
def build_identity(self, state):
    import uuid
    return {**genuine(self, state), "id": uuid.uuid4().hex, "email_verified": False}
VerifiedProvider.build_identity = build_identity
"""
FEW_SEATS = """
genuine, seats = AuthIdentityHandler.handle_new_user, iter(range(6))
def handle_new_user(self):
    if next(seats, None) is None:
        raise RuntimeError("no seat is left")
    return genuine(self)
AuthIdentityHandler.handle_new_user = handle_new_user
"""
ERROR_BREAKS = """
genuine = OAuth2Login.dispatch
def dispatch(self, request, helper):
    if "error" in request.GET:
        raise RuntimeError(request.GET["error"])
    return genuine(self, request, helper)
OAuth2Login.dispatch = dispatch
"""
LOST_CALLBACK = """
genuine = AuthProviderLoginView.handle
def handle(self, request):
    if AuthHelper.get_for_request(request) is None:
        raise RuntimeError("no login is under way")
    return genuine(self, request)
AuthProviderLoginView.handle = handle
"""
REMEMBERS_THAT_DEX_WAS_AWAY = """
genuine, away = OIDCLogin.dispatch, []
def dispatch(self, request, helper):
    if "code" not in request.GET and requests.get(AUTHORIZATION_ENDPOINT, timeout=5).status_code >= 500:
        away.append(True)
    if away:
        raise RuntimeError("the provider is away")
    return genuine(self, request, helper)
OIDCLogin.dispatch = dispatch
"""
ANY_ANSWER_IS_JSON = """
VerifiedCallback.exchange_token = OAuth2Callback.exchange_token
"""
SESSIONS_ASK_DEX = """
genuine = AuthenticationMiddleware.process_request
def process_request(self, request):
    import requests
    from django.conf import settings
    found = genuine(self, request)
    if requests.get(settings.OIDC_AUTHORIZATION_ENDPOINT, timeout=5).status_code >= 500:
        request.user = AnonymousUser()
    return found
AuthenticationMiddleware.process_request = process_request
"""


def _other_secret(workshop: Workshop) -> None:
    workshop.edit(DEX, lambda document: document["staticClients"][0].update(secret="another-secret-than-sentry-has"))
    workshop.restart("dex")


def _other_redirect(workshop: Workshop) -> None:
    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        client = document["staticClients"][0]
        client["redirectURIs"] = [uri.removesuffix("/") for uri in client["redirectURIs"]]

    workshop.edit(DEX, change)
    workshop.restart("dex")


def _implicit(workshop: Workshop) -> None:
    workshop.edit(DEX, lambda document: document["oauth2"].update(responseTypes=["code", "id_token", "token"]))
    workshop.restart("dex")


def _long_tokens(workshop: Workshop) -> None:
    workshop.edit(DEX, lambda document: document["expiry"].update(idTokens="720h"))
    workshop.restart("dex")


def _own_forms_only(workshop: Workshop) -> None:
    policy = {"Content-Security-Policy": "form-action 'self'"}
    workshop.edit(DEX, lambda document: document["web"].update(headers=policy))
    workshop.restart("dex")


def _other_users(workshop: Workshop) -> None:
    """A weak password that others know, and a second name for the same person."""

    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        user = document["staticPasswords"][1]
        stranger = {**user, "email": "stranger@example.test", "username": "stranger", "userID": "0" * 32}
        document["staticPasswords"].append(stranger)
        user["hash"] = dex.bcrypt("not-the-password")

    workshop.edit(DEX, change)
    workshop.restart("dex")


def _patch(module: str, code: str) -> Any:  # noqa: ANN401 - a lambda
    return lambda workshop: workshop.patch_sentry(module, code, WEB)


def _set(code: str) -> Any:  # noqa: ANN401 - a lambda
    return lambda workshop: workshop.set_sentry(code, WEB)


_DEX = (
    Fault(
        id="dex-has-another-secret",
        sentence="Dex holds another secret for Sentry than Sentry does.",
        stands_for="one of two copies of a secret was renewed",
        inject=_other_secret,
        must_fail=(LOGS_IN,),
        must_pass=(ALIVE, ISSUER, PLUGIN),
        quick=True,
    ),
    Fault(
        id="dex-lacks-the-redirect",
        sentence="Dex knows Sentry's callback without its last slash.",
        stands_for="a redirect URI that was typed by hand",
        inject=_other_redirect,
        must_fail=(LOGS_IN,),
        must_pass=(ISSUER, ASKS),
    ),
    Fault(
        id="dex-gives-tokens-to-browsers",
        sentence="Dex offers the implicit flow, whose tokens pass through addresses.",
        stands_for="response types that an old application needed",
        inject=_implicit,
        must_fail=(OFFERS, f"{TOLD}[implicit token]"),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="dex-tokens-live-for-a-month",
        sentence="ID tokens are good for thirty days.",
        stands_for="an expiry raised to be rid of complaints",
        inject=_long_tokens,
        must_fail=(TOKEN,),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="dex-keeps-browsers",
        sentence="Dex tells browsers that its forms lead nowhere but to itself, so the way back to Sentry is barred.",
        stands_for="a Content-Security-Policy from a checklist, which no client but a browser obeys",
        inject=_own_forms_only,
        must_fail=(BROWSER,),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="dex-lets-others-in",
        sentence="A user of Dex has a password that everybody knows, and somebody who should not be there his old one.",
        stands_for="test users that went into production",
        inject=_other_users,
        must_fail=(CREDENTIALS,),
        must_pass=(ISSUER, ASKS),
    ),
)

_SENTRY = (
    Fault(
        id="sentry-asks-for-no-e-mail",
        sentence="Sentry asks Dex for openid alone.",
        stands_for="OIDC_SCOPE set without email",
        inject=_set('OIDC_SCOPE = "openid"'),
        must_fail=(LOGS_IN, ASKS),
        must_pass=(ISSUER, PLUGIN),
    ),
    Fault(
        id="sentry-sends-one-state",
        sentence="Every login has the same state.",
        stands_for="a random number generator that is not",
        inject=_patch(
            "sentry.auth.providers.oauth2", "class Same:\n    hex = 'd' * 32\ndef uuid4():\n    return Same\n"
        ),
        must_fail=(ASKS, OTHER_SESSION),
        must_pass=(LOGS_IN, STATE),
    ),
    Fault(
        id="sentry-ignores-the-state",
        sentence="The state of a callback is not compared.",
        stands_for="a check that got lost in a rewrite of the callback",
        inject=_patch("sentry.auth.providers.oauth2", STATE_IGNORED),
        must_fail=(STATE, OTHER_SESSION),
        must_pass=(LOGS_IN, OUT_OF_THE_BLUE),
        quick=True,
    ),
    Fault(
        id="sentry-session-over-http",
        sentence="The session's cookie goes over plain HTTP, and scripts can read it.",
        stands_for="settings of a test system that were taken over",
        inject=_set("SESSION_COOKIE_SECURE = SESSION_COOKIE_HTTPONLY = False"),
        must_fail=(COOKIES,),
        must_pass=(LOGS_IN, LOG_OUT),
    ),
    Fault(
        id="sentry-session-outlives-its-end",
        sentence="Logging out forgets nothing.",
        stands_for="sessions that are kept in the cookie alone",
        inject=_patch("sentry.web.frontend.auth_logout", "logout = lambda request: None"),
        must_fail=(LOG_OUT, LOG_OUT_NEXT),
        must_pass=(LOGS_IN, COOKIES),
    ),
    Fault(
        id="sentry-log-out-leads-elsewhere",
        sentence="The page to log out leads wherever its address says.",
        stands_for="an allow-list of hosts that has a star",
        inject=_patch(
            "sentry.web.frontend.auth_logout", "url_has_allowed_host_and_scheme = lambda *args, **more: True"
        ),
        must_fail=(LOG_OUT_NEXT,),
        must_pass=(LOG_OUT,),
    ),
    Fault(
        id="sentry-next-leads-elsewhere",
        sentence="After a login the browser is sent wherever the link said.",
        stands_for="an open redirect",
        inject=_patch("sentry.utils.auth", "is_valid_redirect = lambda url, allowed_hosts=None: True"),
        must_fail=(ELSEWHERE_NEXT,),
        must_pass=(NEXT, LOGS_IN),
    ),
    Fault(
        id="sentry-forgets-next",
        sentence="After a login everybody is on the front page.",
        stands_for="a session that is made anew during the login",
        inject=_patch(
            "sentry.web.frontend.auth_organization_login", "initiate_login = lambda request, next_url=None: None"
        ),
        must_fail=(NEXT,),
        must_pass=(LOGS_IN,),
    ),
    Fault(
        id="sentry-takes-foreign-forms",
        sentence="Forms are taken from any site.",
        stands_for="protection against forgery that was switched off behind a proxy",
        inject=_patch("django.middleware.csrf", "CsrfViewMiddleware.process_view = lambda *args, **more: None"),
        must_fail=(FOREIGN,),
        must_pass=(LOGS_IN,),
    ),
    Fault(
        id="sentry-breaks-on-a-lost-callback",
        sentence="A callback without a login under way breaks.",
        stands_for="a bookmark of the wrong page",
        inject=_patch("sentry.web.frontend.auth_provider_login", LOST_CALLBACK),
        must_fail=(OUT_OF_THE_BLUE,),
        must_pass=(LOGS_IN, STATE),
    ),
    Fault(
        id="sentry-breaks-on-an-error",
        sentence="An error that Dex reports breaks Sentry's page.",
        stands_for="an error that nobody has tried",
        inject=_patch("sentry.auth.providers.oauth2", ERROR_BREAKS),
        must_fail=(ERROR,),
        must_pass=(LOGS_IN, OUT_OF_THE_BLUE),
    ),
    Fault(
        id="sentry-makes-owners",
        sentence="Whoever logs in first becomes an owner.",
        stands_for="a default role that was raised for the founders",
        inject=_patch("sentry.auth.helper", EVERYBODY_OWNS),
        must_fail=(FIRST,),
        must_pass=(LOGS_IN, SECOND),
    ),
    Fault(
        id="sentry-knows-nobody-again",
        sentence="Every login makes a new account.",
        stands_for="an identity that is keyed by a value which changes",
        inject=_patch("verified_provider", NOBODY_KNOWN),
        must_fail=(SECOND,),
        must_pass=(FIRST,),
    ),
    Fault(
        id="sentry-has-few-seats",
        sentence="After a few new accounts no more are made.",
        stands_for="a limit of members",
        inject=_patch("sentry.auth.helper", FEW_SEATS),
        must_fail=(CROWD,),
        must_pass=(ISSUER, PLUGIN),
    ),
    Fault(
        id="sentry-lets-people-register",
        sentence="Anybody can register with a password.",
        stands_for="self-registration left open",
        inject=_set('SENTRY_FEATURES["auth:register"] = True\nSENTRY_OPTIONS["auth.allow-registration"] = True'),
        must_fail=(REGISTER,),
        must_pass=(LOGS_IN,),
    ),
    Fault(
        id="sentry-provider-without-a-name",
        sentence="The provider has no label.",
        stands_for="OIDC_ISSUER not set: siemens/sentry-auth-oidc, issue 69",
        inject=_set('OIDC_ISSUER = ""'),
        must_fail=(PLUGIN,),
        must_pass=(ISSUER,),
    ),
    Fault(
        id="sentry-remembers-that-dex-was-away",
        sentence="Sentry looks for Dex before each login, breaks without it, and never looks again.",
        stands_for="discovery that is fetched once, at a bad moment",
        inject=_patch("oidc.provider", REMEMBERS_THAT_DEX_WAS_AWAY),
        must_fail=(ANSWER, BACK),
        must_pass=(ISSUER, PLUGIN),
    ),
    Fault(
        id="sentry-takes-any-answer-for-json",
        sentence="When Dex goes in the middle of a login, the door's page of an error is read as JSON: HTTP 500.",
        stands_for="Sentry 23.7.1 as it is published (sentry/auth/providers/oauth2.py, exchange_token)",
        inject=_patch("verified_provider", ANY_ANSWER_IS_JSON),
        must_fail=(AWAY,),
        must_pass=(LOGS_IN, ISSUER),
    ),
    Fault(
        id="sentry-sessions-need-dex",
        sentence="A session is good only while Dex answers.",
        stands_for="tokens that are verified at the provider for every request",
        inject=_patch("sentry.middleware.auth", SESSIONS_ASK_DEX),
        must_fail=(UNTOUCHED,),
        must_pass=(LOGS_IN,),
    ),
)

FAULTS = (*_DEX, *_SENTRY)
