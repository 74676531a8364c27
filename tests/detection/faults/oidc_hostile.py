"""Faults of how Sentry takes a provider's word, seen by the hostile provider: what it looks at today, taken away."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.oidc.lies import LIES
from tests.detection.fault import Fault
from tests.detection.workshop import Workshop

HOSTILE = "oidc/test_hostile.py::"
BELIEVED = f"{HOSTILE}test_a_provider_is_believed_as_far_as_the_standard_says"
SAFE = f"{HOSTILE}test_no_lie_leads_to_the_account_of_another_person"
WHOLE = f"{HOSTILE}test_every_lie_reaches_sentry"
PLUGIN, VIEWS, CALLBACK = "oidc.provider", "oidc.views", "sentry.auth.providers.oauth2"

WAIVED = (
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
REACHED = {
    "email-unverified": "Sentry 23.7.1 lets an identity be confirmed by whoever asks (CVE-2025-22146)",
    "email-of-another": "Sentry links a member to whoever has the same verified e-mail, though another subject has it",
    "code-of-another": "the plugin sends neither nonce nor PKCE, so a code fits any browser",
    "issuer-mix-up": "the plugin knows people by their subject alone, whoever issued the token",
}
WITHOUT = {
    **{
        f"{BELIEVED}[{name}]": "waived: the plugin as it is does not look, so nothing can be taken away"
        for name in WAIVED
    },
    **{f"{SAFE}[{name}]": f"fails without any fault: {reason}" for name, reason in REACHED.items()},
}
REFUSED = ("no-id-token", "no-subject", "replayed-code")
ENTERING = tuple(lie.name for lie in LIES if lie.name not in (*REACHED, *REFUSED))
"""Lies that are about oneself and let in."""

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
FIRST_KEY_ONLY = """
import json
keys = []
real_dispatch = FetchUser.dispatch
def dispatch(self, request, helper):
    head = helper.fetch_state("data").get("id_token", "e30.").partition(".")[0]
    kid = json.loads(urlsafe_b64decode(head)).get("kid")
    if kid:
        keys.append(kid)
        if kid != keys[0]:
            return helper.error("the token is signed by a key that is not known")
    return real_dispatch(self, request, helper)
FetchUser.dispatch = dispatch
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


def _patched(module: str, code: str, *, owner: bool = False) -> Callable[[Workshop], None]:
    """Change the plugin in Sentry's web; with ``owner``, give the owner an identity that it can be misled to."""

    def inject(workshop: Workshop) -> None:
        if owner:
            workshop.postgres(OWNED, undo=DISOWNED)
        workshop.patch_sentry(module, code, "sentry-web")

    return inject


def _each(check: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{check}[{name}]" for name in names)


FAULTS = (
    Fault(
        id="oidc-everybody-is-the-owner",
        sentence="Whoever logs in through Dex gets into the account of the owner.",
        stands_for="a claim that is the same for all, such as the tenant's, taken for the subject",
        inject=_patched(PLUGIN, ALL_ARE_THE_OWNER, owner=True),
        must_fail=_each(SAFE, *ENTERING),
        must_pass=(*_each(BELIEVED, "honest", "no-id-token"), *_each(SAFE, "replayed-code"), WHOLE),
    ),
    Fault(
        id="oidc-nobody-is-the-owner",
        sentence="Who comes without a token, or with one without a subject, gets into the account of the owner.",
        stands_for="a default for a missing claim that happens to be somebody's",
        inject=_patched(VIEWS, NOBODY_IS_THE_OWNER, owner=True),
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
        id="oidc-first-key-only",
        sentence="Sentry's plugin knows the keys that it saw first and no later ones.",
        stands_for="a key set that is kept for ever: all logins end when the provider rotates its keys",
        inject=_patched(VIEWS, FIRST_KEY_ONLY),
        must_fail=_each(BELIEVED, "rotated-key"),
        must_pass=(*_each(BELIEVED, "honest", "missing-nonce"), *_each(SAFE, "rotated-key")),
    ),
    Fault(
        id="oidc-nonce-wanted",
        sentence="Sentry's plugin sends no nonce and wants one back: nobody gets in.",
        stands_for="a plugin hardened by half",
        inject=_patched(VIEWS, NONCE_MISSED),
        must_fail=(*_each(BELIEVED, "honest", "rotated-key", "missing-nonce"), WHOLE),
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
