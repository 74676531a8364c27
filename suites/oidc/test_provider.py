"""Dex as a provider: what it announces, the tokens it makes, and how it refuses, each refusal with its exact status.

Sources: OpenID Connect Core and Discovery 1.0, RFC 6749, RFC 7636; Dex 2.45.1 and August 2026, ``server/``.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fixtures.clients.oidc import parameters
from fixtures.clients.oidc_provider import Challenge, ProviderClient, Refusal, challenge, refusal_of
from fixtures.evidence import Recorder
from fixtures.login import OidcClient
from fixtures.login_bench import LoginDesk
from fixtures.redaction import secret
from fixtures.stack import Capability
from fixtures.verdicts import require

pytestmark = pytest.mark.requirement("OIDC-001")

LONGEST_TOKEN = 24 * 3600
"""Seconds that an ID token may be good for: Dex's own default, the most that is usual."""
SENTRY = "sentry"
SHOWN: Mapping[str, tuple[Mapping[str, str], tuple[int, ...]]] = {
    # 404 of Dex 2.45.1, 400 of August 2026.
    "unknown client": ({"client_id": "nobody"}, (404, 400)),
    "no client": ({"client_id": ""}, (404, 400)),
    "foreign redirect": ({"redirect_uri": "https://evil.example/auth/sso/"}, (400,)),
    "redirect with a tail": ({"redirect_uri": "{redirect}evil"}, (400,)),
    "no redirect": ({"redirect_uri": ""}, (400,)),
    "unknown connector": ({"connector_id": "nowhere"}, (400,)),
}
TOLD: Mapping[str, tuple[Mapping[str, str], str]] = {
    "without openid": ({"scope": "email profile"}, "invalid_scope"),
    "unknown scope": ({"scope": "openid everything"}, "invalid_scope"),
    "implicit token": ({"response_type": "id_token token", "nonce": "n-0S6"}, "unsupported_response_type"),
    "unknown response type": ({"response_type": "everything"}, "invalid_request"),
    "request object": ({"request": "e30."}, "request_not_supported"),
}
UNREDEEMED: Mapping[str, tuple[Mapping[str, str], Refusal]] = {
    "unknown client": ({"client_id": "nobody"}, Refusal(status=401, error="invalid_client")),
    "wrong secret": ({"client_secret": "not-the-secret-of-sentry"}, Refusal(status=401, error="invalid_client")),
    "no secret": ({"client_secret": ""}, Refusal(status=401, error="invalid_client")),
    "unknown code": ({}, Refusal(status=400, error="invalid_grant")),
    "unknown grant": ({"grant_type": "guessing"}, Refusal(status=400, error="unsupported_grant_type")),
}
SPOILED: Mapping[str, tuple[Mapping[str, str], Refusal]] = {
    "other redirect": ({"redirect_uri": "https://evil.example/"}, Refusal(status=400, error="invalid_request")),
    "wrong verifier": ({"code_verifier": "w" * 64}, Refusal(status=400, error="invalid_grant")),
    "no verifier": ({"code_verifier": ""}, Refusal(status=400, error="invalid_grant")),
}


@pytest.fixture
def provider(desk: LoginDesk) -> Iterator[ProviderClient]:
    """Dex, asked by a client of its own."""
    with closing(ProviderClient(desk.access.dex_url, desk.stack.door.ca)) as made:
        yield made


@pytest.fixture
def public(desk: LoginDesk) -> OidcClient:
    """What everybody knows of Sentry's client: all but its secret."""
    return OidcClient(id=SENTRY, secret="", redirect_uri=f"{desk.access.sentry_url}/auth/sso/")


@pytest.fixture
def confidential(desk: LoginDesk) -> OidcClient:
    """Sentry's client with its secret."""
    require(desk.stack, Capability.OIDC_CLIENT)
    return desk.access.client()


def code_of(desk: LoginDesk, provider: ProviderClient, client: OidcClient, **asked: str) -> str:
    """A fresh code for the user of the check."""
    person = desk.person()
    page = person.at_dex(person.open(provider.request_url(client, **asked)), desk.user)
    return secret(parameters(page.location)["code"])


# -- what it announces ----------------------------------------------------------------------------------------
def test_discovery_names_the_issuer_that_browsers_reach(provider: ProviderClient, record: Recorder) -> None:
    """The issuer is the very string by which browsers and Sentry reach Dex, and every endpoint is HTTPS below it."""
    found = provider.discovery()
    record.evidence("discovery", found)
    assert found["issuer"] == provider.issuer
    endpoints = {name: str(url) for name, url in found.items() if name.endswith(("_endpoint", "_uri"))}
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} <= set(endpoints)
    assert [name for name, url in endpoints.items() if not url.startswith(f"{provider.issuer}/")] == []
    assert provider.issuer.startswith("https://")


def test_discovery_offers_what_sentry_needs_and_no_implicit_flow(provider: ProviderClient) -> None:
    """Codes only, e-mail and profile, RS256, S256: no token ever comes by an address that a browser keeps."""
    found = provider.discovery()
    assert found["response_types_supported"] == ["code"]
    assert "implicit" not in found["grant_types_supported"]
    assert {"openid", "email", "profile"} <= set(found["scopes_supported"])
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "S256" in found["code_challenge_methods_supported"]
    assert "client_secret_post" in found["token_endpoint_auth_methods_supported"]
    assert "none" not in found["token_endpoint_auth_methods_supported"]


def test_keys_are_public_halves(provider: ProviderClient, record: Recorder) -> None:
    """The published keys are for signatures, have a name each, are long enough, and hold nothing private."""
    found = provider.published()
    record.grid(
        "keys",
        ("kid", "kty", "alg", "use"),
        [tuple(key.get(n, "") for n in ("kid", "kty", "alg", "use")) for key in found],
    )
    assert found
    assert len({key["kid"] for key in found}) == len(found)
    assert [key["kid"] for key in found if {"d", "p", "q", "k"} & set(key)] == [], "private parts are published"
    assert [key["kid"] for key in found if (key["kty"], key["use"]) != ("RSA", "sig")] == []
    assert [key["kid"] for key in found if len(key["n"]) < 342] == [], "shorter than 2048 bits"


def test_a_token_is_signed_for_sentry_about_the_user(
    desk: LoginDesk, provider: ProviderClient, confidential: OidcClient, record: Recorder
) -> None:
    """The ID token of a login verifies by a published key and holds issuer, audience, nonce, times and e-mail."""
    nonce = secrets.token_hex(8)
    answer = provider.redeem(confidential, code_of(desk, provider, confidential, nonce=nonce))
    assert answer.status_code == 200, refusal_of(answer)
    keys = KeySet.import_key_set({"keys": [dict(key) for key in provider.published()]})
    token = jwt.decode(secret(answer.json()["id_token"]), keys, algorithms=["RS256"])
    claims: Mapping[str, Any] = token.claims
    record.evidence("claims", dict(claims))
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (provider.issuer, confidential.id, nonce)
    assert (claims["email"], claims["email_verified"]) == (desk.user.email, True)
    assert claims["iat"] - 60 <= time.time() < claims["exp"]
    assert claims["exp"] - claims["iat"] <= LONGEST_TOKEN
    told = provider.userinfo(secret(answer.json()["access_token"])).json()
    assert (told["sub"], told["email"]) == (claims["sub"], claims["email"])


def test_userinfo_asks_for_a_token(provider: ProviderClient) -> None:
    """Nobody learns anything about a user without the token of a login."""
    assert provider.get("userinfo").status_code in (401, 403)
    assert provider.userinfo("made-up-token").status_code in (401, 403)


# -- how it refuses -------------------------------------------------------------------------------------------
@pytest.mark.requirement("OIDC-004")
@pytest.mark.parametrize("case", SHOWN)
def test_a_request_of_a_stranger_is_shown_an_error(
    desk: LoginDesk, provider: ProviderClient, public: OidcClient, case: str
) -> None:
    """Who asks in the name of nobody, or to be led elsewhere, sees an error and is led nowhere (RFC 6749, 4.1.2.1)."""
    changed, statuses = SHOWN[case]
    given = {name: value.format(redirect=public.redirect_uri) for name, value in changed.items()}
    person = desk.person()
    page = person.past_choice(person.open(provider.request_url(public, **given)))
    if page.leads and page.location.startswith(f"{provider.issuer}/"):
        page = person.follow(page, stop="/auth/sso/")
    assert page.location == ""
    assert page.status in statuses


@pytest.mark.requirement("OIDC-004")
@pytest.mark.parametrize("case", TOLD)
def test_a_request_that_is_wrong_is_told_to_sentry(
    desk: LoginDesk, provider: ProviderClient, public: OidcClient, case: str
) -> None:
    """A wrong scope or response type goes back to Sentry as an error with the same state and without a code."""
    changed, error = TOLD[case]
    person = desk.person()
    page = person.past_choice(person.open(provider.request_url(public, state="the-state", **changed)))
    page = person.follow(page, stop="/auth/sso/")
    told = parameters(page.location)
    assert page.location.startswith(public.redirect_uri)
    assert (told.get("error"), told.get("state"), "code" in told) == (error, "the-state", False)


@pytest.mark.requirement("OIDC-004")
def test_a_login_that_is_not_under_way_is_refused(desk: LoginDesk, provider: ProviderClient) -> None:
    """A forged or stale state at Dex's own form gets an error, whatever the password is."""
    person = desk.person()
    page = person.open(f"{provider.issuer}/auth/local/login?state={secrets.token_hex(12)}&back=")
    assert page.status == 400
    stale = person.open(f"{provider.issuer}/approval?req={secrets.token_hex(12)}&hmac=AAAA")
    assert stale.status in (400, 401)


@pytest.mark.requirement("OIDC-004")
@pytest.mark.parametrize("case", UNREDEEMED)
def test_a_made_up_code_is_refused(
    provider: ProviderClient, confidential: OidcClient, record: Recorder, case: str
) -> None:
    """An unknown client, a wrong secret, an unknown code or grant: each has its refusal of RFC 6749, 5.2."""
    changed, refusal = UNREDEEMED[case]
    answer = provider.redeem(confidential, "made-up-code", **changed)
    record.evidence("answer", {"status": answer.status_code, "body": answer.text})
    assert refusal_of(answer) == refusal


@pytest.mark.requirement("OIDC-004")
@pytest.mark.parametrize("case", SPOILED)
def test_a_code_is_bound_to_its_request(
    desk: LoginDesk, provider: ProviderClient, confidential: OidcClient, case: str
) -> None:
    """A good code with another redirect, or without the verifier of its challenge, is refused; and stays good."""
    changed, refusal = SPOILED[case]
    proof: Challenge = challenge()
    code = code_of(desk, provider, confidential, code_challenge=proof.value, code_challenge_method="S256")
    assert refusal_of(provider.redeem(confidential, code, **{"code_verifier": proof.verifier, **changed})) == refusal
    assert provider.redeem(confidential, code, code_verifier=proof.verifier).status_code == 200


@pytest.mark.requirement("OIDC-004")
def test_a_verifier_without_a_challenge_is_refused(
    desk: LoginDesk, provider: ProviderClient, confidential: OidcClient
) -> None:
    """A verifier for a code that was asked for without a challenge is refused (a downgrade, RFC 9700, 4.8.2)."""
    code = code_of(desk, provider, confidential)
    answer = provider.redeem(confidential, code, code_verifier=challenge().verifier)
    assert refusal_of(answer) == Refusal(status=400, error="invalid_request")


@pytest.mark.requirement("OIDC-004")
def test_a_code_is_redeemed_once(desk: LoginDesk, provider: ProviderClient, confidential: OidcClient) -> None:
    """The second exchange of a code is refused."""
    code = code_of(desk, provider, confidential)
    assert provider.redeem(confidential, code).status_code == 200
    assert refusal_of(provider.redeem(confidential, code)) == Refusal(status=400, error="invalid_grant")
