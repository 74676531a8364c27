"""What Sentry and its plugin would have to do so that no lie of a provider leads in: a patch of the stack's Sentry.

It is the counterpart of a fault. Checks that are waived or fail today prove nothing as long as nobody has seen them
pass: with this they must. As a whole it is also a draft of what a platform could bring along with its settings.
"""

from __future__ import annotations

MODULE = "oidc.provider"
CODE = '''
import json
import secrets
import threading

import jwt
from django.utils.functional import cached_property

from oidc.views import FetchUser
from sentry.auth.exceptions import IdentityNotValid

PROVIDER = AUTHORIZATION_ENDPOINT.rsplit("/", 1)[0]
KNOWN = "the provider's answer is not valid"


class Invalid(Exception):
    pass


# A nonce ties the token to this browser: a code that was made for another is of no use (3.1.3.7, 11).
real_login = OIDCLogin.dispatch
real_params = OIDCLogin.get_authorize_params


def login(self, request, helper):
    if "code" not in request.GET:
        self.nonce = secrets.token_hex(16)
        helper.bind_state("nonce", self.nonce)
    return real_login(self, request, helper)


def params(self, state, redirect_uri):
    return {**real_params(self, state, redirect_uri), "nonce": self.nonce}


OIDCLogin.dispatch, OIDCLogin.get_authorize_params = login, params


def verified(token, nonce):
    """The claims of a token that is all that 3.1.3.7 wants."""
    kid = jwt.get_unverified_header(token).get("kid")
    answer = requests.get(PROVIDER + "/keys", timeout=5)
    found = [key for key in answer.json()["keys"] if key["kid"] == kid]
    if not found:
        raise Invalid("unknown key")
    claims = jwt.decode(
        token,
        jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(found[0])),
        algorithms=["RS256"],
        audience=CLIENT_ID,
        issuer=PROVIDER,
        leeway=30,
        options={"require": ["iss", "sub", "aud", "exp", "iat"]},
    )
    if claims["aud"] not in (CLIENT_ID, [CLIENT_ID]):
        raise Invalid("further audiences")
    if not nonce or claims.get("nonce") != nonce:
        raise Invalid("nonce")
    return claims


real_fetch = FetchUser.dispatch


def fetch(self, request, helper):
    data = helper.fetch_state("data")
    try:
        if "id_token" in data:
            verified(data["id_token"], helper.fetch_state("nonce"))
    except (Invalid, jwt.PyJWTError, requests.RequestException):
        return helper.error(KNOWN)
    return real_fetch(self, request, helper)


FetchUser.dispatch = fetch

real_info, real_identity = OIDCProvider.get_user_info, OIDCProvider.build_identity


def identity(self, state):
    def info(bearer_token):
        told = real_info(self, bearer_token)
        if told.get("sub") != state["user"]["sub"]:
            raise IdentityNotValid(KNOWN)  # 5.3.2
        return told

    self.get_user_info = info
    return real_identity(self, state)


OIDCProvider.build_identity = identity


def by_email():
    """Let nobody be found by an address that is not verified, nor by that of a member who has another subject (5.7)."""
    from sentry.auth.helper import AuthIdentityHandler
    from sentry.models import AuthIdentity, User

    real_user = AuthIdentityHandler.user

    def user(self):
        found = real_user.func(self)
        if not isinstance(found, User) or found == self.request.user:
            return found
        taken = AuthIdentity.objects.filter(auth_provider=self.auth_provider, user=found)
        if not self.identity.get("email_verified") or taken.exclude(ident=self.identity["id"]).exists():
            return self.request.user
        return found

    AuthIdentityHandler.user = cached_property(user)
    AuthIdentityHandler.user.__set_name__(AuthIdentityHandler, "user")


real_pipeline = OIDCProvider.get_auth_pipeline
lock, done = threading.Lock(), []


def pipeline(self):
    # Not before the first login: the module of the helper cannot be imported while this one is.
    with lock:
        if not done:
            done.append(by_email())
    return real_pipeline(self)


OIDCProvider.get_auth_pipeline = pipeline
'''
