"""Faults of how Sentry takes a provider's word, seen by the hostile provider: what it looks at today, taken away.

The platform's own module (``fixtures/embedded/sentry/verified_*.py``) loses its pieces one by one: without any of them
Sentry runs the plugin as it is published, so these faults are the findings about sentry-auth-oidc 7.0.0, kept alive.
"""

from __future__ import annotations

from collections.abc import Callable

from fixtures.oidc.lies import LIES
from tests.detection.fault import Fault
from tests.detection.workshop import SENTRY_CONF, Workshop

WEB = "sentry-web"
HOSTILE = "oidc/test_hostile.py::"
BELIEVED = f"{HOSTILE}test_a_provider_is_believed_as_far_as_the_standard_says"
SAFE = f"{HOSTILE}test_no_lie_leads_to_the_account_of_another_person"
WHOLE = f"{HOSTILE}test_every_lie_reaches_sentry"
CARE, TOKEN, VIEWS, PLUGIN = "verified_provider", "verified_token", "oidc.views", "oidc.provider"
CALLBACK = "sentry.auth.providers.oauth2"

AS_PUBLISHED = """
INSTALLED_APPS = tuple(app for app in INSTALLED_APPS if not app.startswith("verified_login"))
"""
"""Sentry and its plugin without the platform's own module."""
REACHED = ("email-unverified", "email-of-another", "code-of-another", "issuer-mix-up")
REFUSED = ("no-id-token", "no-subject", "replayed-code")
ENTERING = tuple(lie.name for lie in LIES if lie.name not in (*REACHED, *REFUSED))
"""Lies that are about oneself, and let in by the plugin as it is published."""
BELIEVED_AS_PUBLISHED = (
    "wrong-issuer",
    "wrong-audience",
    "further-audience",
    "wrong-nonce",
    "expired",
    "not-yet-valid",
    "unknown-key",
    "alg-none",
    "hs256-client-secret",
    "other-subject-in-userinfo",
    "no-subject",
)

# An identity of the owner, so that there is one that no login made; taken away again with the fault.
OWNED = """
INSERT INTO sentry_authidentity (auth_provider_id, user_id, ident, data, last_verified, last_synced, date_added)
SELECT provider.id, account.id, 'the-owner', '{}', now(), now(), now()
FROM sentry_authprovider AS provider, auth_user AS account
WHERE account.username = 'suite@example.test' AND provider.provider = 'oidc'
"""
DISOWNED = "DELETE FROM sentry_authidentity WHERE ident = 'the-owner'"

ALL_ARE_THE_OWNER = """
real_identity = OIDCProvider.build_identity
def build_identity(self, state):
    return {**real_identity(self, state), "id": "the-owner"}
OIDCProvider.build_identity = build_identity
"""
NOBODY_IS_THE_OWNER = """
import base64
import json
real_dispatch = FetchUser.dispatch
def dispatch(self, request, helper):
    data = helper.fetch_state("data")
    head, payload, rest = data.get("id_token", "e30.e30.e30").split(".", 2)
    claims = json.loads(urlsafe_b64decode(payload))
    claims = {"sub": "the-owner", "email": "suite@example.test", **claims}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    helper.bind_state("data", {**data, "id_token": ".".join((head, payload, rest))})
    return real_dispatch(self, request, helper)
FetchUser.dispatch = dispatch
"""
ANY_STATE = """
real_dispatch = OAuth2Callback.dispatch
def dispatch(self, request, helper):
    helper.bind_state("state", request.GET.get("state"))
    return real_dispatch(self, request, helper)
OAuth2Callback.dispatch = dispatch
"""
NONCE_MISSED = """
def dispatch(self, request, helper):
    return helper.error("the token has not the nonce of the request")
FetchUser.dispatch = dispatch
"""
CRASH_AT_HASH = """
import base64
import hashlib
import json
real_dispatch = FetchUser.dispatch
def dispatch(self, request, helper):
    data = helper.fetch_state("data")
    claims = json.loads(urlsafe_b64decode(data.get("id_token", "e30.e30.").split(".")[1]))
    half = hashlib.sha256(data["access_token"].encode()).digest()[:16]
    if claims.get("at_hash", "").rstrip("=") not in ("", base64.urlsafe_b64encode(half).decode().rstrip("=")):
        raise RuntimeError("the access token does not fit the token")
    return real_dispatch(self, request, helper)
FetchUser.dispatch = dispatch
"""


NO_SIGNATURE = """
CHECKED["verify_signature"] = False
PublishedKeys.find = lambda self, kid: None
"""
NO_NONCE = """
genuine = verified
def verified(token, **given):
    claims = jwt.decode(token, options={"verify_signature": False})
    return genuine(token, **{**given, "nonce": claims.get("nonce")})
"""
NO_SUBJECT = """
CHECKED["require"].remove("sub")
genuine = _require_this_login
_require_this_login = lambda claims, client, nonce: genuine({"sub": "anybody", **claims}, client, nonce)
"""
KEYS_FOR_EVER = """
genuine = PublishedKeys.find
def find(self, kid):
    if self._keys and kid not in self._keys:
        raise Refused("it is signed by a key that is not known")
    return genuine(self, kid)
PublishedKeys.find = find
"""


def _patched(module: str, code: str, *, owner: bool = False, published: bool = False) -> Callable[[Workshop], None]:
    """Change a module in Sentry's web; with ``owner``, give the owner an identity that it can be misled to.

    With ``published`` the platform's own module is away, so that what the plugin lets through meets the change.
    """

    def inject(workshop: Workshop) -> None:
        if owner:
            workshop.postgres(OWNED, undo=DISOWNED)
        if published:
            workshop.write(SENTRY_CONF, AS_PUBLISHED, append=True)
        workshop.patch_sentry(module, code, WEB)

    return inject


def _each(check: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{check}[{name}]" for name in names)


def _unchecked(what: str, sentence: str, *missed: str, module: str, code: str, quick: bool = False) -> Fault:
    """One piece of the platform's module taken out: the plugin as it is published, in this one respect."""
    return Fault(
        id=f"oidc-unchecked-{what}",
        sentence=sentence,
        stands_for=f"sentry-auth-oidc 7.0.0 and Sentry 23.7.1 as they are published: {what}",
        inject=_patched(module, code),
        must_fail=missed,
        must_pass=(*_each(BELIEVED, "honest", "no-id-token"), *_each(SAFE, "honest", "replayed-code")),
        quick=quick,
    )


PIECES = (
    _unchecked(
        "signature",
        "A token is taken whoever signed it, or nobody.",
        *_each(BELIEVED, "unknown-key", "alg-none", "hs256-client-secret"),
        module=TOKEN,
        code=NO_SIGNATURE,
        quick=True,
    ),
    _unchecked(
        "issuer",
        "A token is taken whoever issued it.",
        # The mix-up of issuers is then still met by the subject of the userinfo: see oidc-plugin-as-published.
        *_each(BELIEVED, "wrong-issuer"),
        module=TOKEN,
        code='CHECKED["verify_iss"] = False',
    ),
    _unchecked(
        "audience",
        "A token is taken whomever it was made for.",
        *_each(BELIEVED, "wrong-audience", "further-audience"),
        module=TOKEN,
        code='CHECKED["verify_aud"] = False',
    ),
    _unchecked(
        "nonce",
        "A token is taken whichever login it belongs to.",
        *_each(BELIEVED, "wrong-nonce", "missing-nonce"),
        *_each(SAFE, "code-of-another"),
        module=TOKEN,
        code=NO_NONCE,
    ),
    _unchecked(
        "time",
        "A token is taken whenever it is valid.",
        *_each(BELIEVED, "expired", "not-yet-valid"),
        module=TOKEN,
        code='CHECKED["verify_exp"] = CHECKED["verify_nbf"] = False',
    ),
    _unchecked(
        "userinfo",
        "The userinfo of another subject is taken.",
        *_each(BELIEVED, "other-subject-in-userinfo"),
        module=CARE,
        code="require_same_subject = lambda told, subject: None",
    ),
    _unchecked(
        "subject",
        "A token without a subject ends with HTTP 500.",
        *_each(BELIEVED, "no-subject"),
        module=TOKEN,
        code=NO_SUBJECT,
    ),
    _unchecked(
        "verified-e-mail",
        "An account is confirmed by whoever says that its e-mail is theirs (CVE-2025-22146).",
        *_each(SAFE, "email-unverified"),
        module=CARE,
        code="may_be_linked = lambda identity, auth_provider, user: not identity['email_verified']",
    ),
    _unchecked(
        "owner-of-an-e-mail",
        "An account goes to whoever has its e-mail, though another subject of the provider has the account.",
        *_each(SAFE, "email-of-another"),
        module=CARE,
        code="may_be_linked = lambda identity, auth_provider, user: identity['email_verified']",
    ),
)

FAULTS = (
    *PIECES,
    Fault(
        id="oidc-plugin-as-published",
        sentence="Sentry runs sentry-auth-oidc 7.0.0 as it is published.",
        stands_for="the platform's module left out of INSTALLED_APPS",
        inject=lambda workshop: workshop.set_sentry(AS_PUBLISHED, WEB),
        must_fail=(*_each(BELIEVED, *BELIEVED_AS_PUBLISHED), *_each(SAFE, *REACHED)),
        must_pass=(*_each(BELIEVED, "honest", "rotated-key", "missing-nonce"), *_each(SAFE, "honest", "replayed-code")),
    ),
    Fault(
        id="oidc-everybody-is-the-owner",
        sentence="Whoever logs in gets into the account of the owner, and every lie about oneself is believed.",
        stands_for="a claim that is the same for all, such as the tenant's, taken for the subject",
        inject=_patched(PLUGIN, ALL_ARE_THE_OWNER, owner=True, published=True),
        must_fail=_each(SAFE, *ENTERING),
        must_pass=(*_each(BELIEVED, "honest", "no-id-token"), *_each(SAFE, "replayed-code"), WHOLE),
    ),
    Fault(
        id="oidc-nobody-is-the-owner",
        sentence="Who comes without a token, or with one without a subject, gets into the account of the owner.",
        stands_for="a default for a missing claim that happens to be somebody's",
        inject=_patched(VIEWS, NOBODY_IS_THE_OWNER, owner=True, published=True),
        must_fail=(*_each(BELIEVED, "no-id-token"), *_each(SAFE, "no-id-token", "no-subject")),
        must_pass=(*_each(BELIEVED, "honest"), *_each(SAFE, "honest", "expired", "replayed-code")),
    ),
    Fault(
        id="oidc-any-state",
        sentence="Sentry takes the answer of a provider with any state.",
        stands_for="a check of the state taken out because logins failed behind a proxy that lost cookies",
        inject=_patched(CALLBACK, ANY_STATE),
        must_fail=_each(SAFE, "replayed-code"),
        must_pass=(*_each(BELIEVED, "honest", "no-id-token"), *_each(SAFE, "honest")),
        quick=True,
    ),
    Fault(
        id="oidc-keys-for-ever",
        sentence="Sentry knows the keys that it saw first and no later ones.",
        stands_for="a key set that is kept for ever: all logins end when the provider rotates its keys",
        inject=_patched(TOKEN, KEYS_FOR_EVER),
        must_fail=_each(BELIEVED, "rotated-key"),
        must_pass=(*_each(BELIEVED, "honest", "missing-nonce"), *_each(SAFE, "rotated-key")),
    ),
    Fault(
        id="oidc-nobody-gets-in",
        sentence="Sentry takes no token at all: nobody gets in.",
        stands_for="a plugin hardened by half: it sends no nonce and wants one back",
        inject=_patched(VIEWS, NONCE_MISSED),
        must_fail=(*_each(BELIEVED, "honest", "rotated-key"), WHOLE),
        must_pass=(*_each(BELIEVED, "no-id-token"), *_each(SAFE, "honest", "wrong-issuer")),
    ),
    Fault(
        id="oidc-crash-at-hash",
        sentence="Sentry's plugin looks at at_hash, and answers HTTP 500 where it does not fit.",
        stands_for="a hardened plugin whose error nobody caught",
        inject=_patched(VIEWS, CRASH_AT_HASH),
        must_fail=_each(BELIEVED, "wrong-at-hash"),
        must_pass=(*_each(BELIEVED, "honest", "rotated-key"), *_each(SAFE, "wrong-at-hash")),
    ),
)
