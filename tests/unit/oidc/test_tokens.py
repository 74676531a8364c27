"""False tokens: each is wrong in its one way, so that a client that looks as the standard wants sees it."""

from __future__ import annotations

import time

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from fixtures.oidc import lies
from fixtures.oidc.lies import LIES, Claimant, Expectation, Lie
from fixtures.oidc.tokens import Claims, Keys, Request, Story, false_claims, honest_claims, left_half

ISSUER, CLIENT = "https://dex.example.test/dex", "sentry"
ME = Claimant(subject="me", email="me@example.test", name="Me")
OTHER = Claimant(subject="other", email="other@example.test", name="Other")
NOW = int(time.time())
BY_TOKEN = [lie for lie in LIES if lie.at_token and lie not in (lies.NO_TOKEN, lies.CODE_OF_ANOTHER)]


def _story(lie: Lie) -> Story:
    return Story(lie=lie, who=ME, other=OTHER if lie.names_another else None)


def _request(nonce: str = "") -> Request:
    return Request(client=CLIENT, secret="s" * 40, nonce=nonce, access_token="access")


def _careful(token: str, keys: Keys, userinfo: Claims, nonce: str = "") -> Claims:
    """A client that does all of 3.1.3.7. :raises JoseError, ValueError: it refuses."""
    claims = jwt.decode(token, KeySet.import_key_set(keys.published()), algorithms=["RS256"]).claims  # type: ignore[arg-type]
    registry = JWTClaimsRegistry(
        now=NOW,
        iss={"essential": True, "value": ISSUER},
        sub={"essential": True},
        aud={"essential": True, "value": CLIENT},
        exp={"essential": True},
    )
    registry.validate(claims)
    if claims["aud"] not in (CLIENT, [CLIENT]) or claims.get("nonce", "") != nonce:
        raise ValueError("audience or nonce")
    if claims["sub"] != userinfo["sub"] or claims["at_hash"] != left_half("access"):
        raise ValueError("subject or access token")
    return claims


def _told(lie: Lie, keys: Keys, nonce: str = "") -> str:
    request = _request(nonce)
    return keys.sign(lie, false_claims(ISSUER, _story(lie), request, NOW), request.secret)


@pytest.mark.parametrize("lie", BY_TOKEN, ids=lambda lie: lie.name)
def test_a_careful_client_refuses_what_must_be_refused(lie: Lie) -> None:
    keys = Keys()
    if lie == lies.ROTATED_KEY:
        keys.rotate()
    token, userinfo = _told(lie, keys), _story(lie).userinfo
    if lie.expectation is Expectation.REFUSED or lie == lies.WRONG_AT_HASH:
        with pytest.raises((JoseError, ValueError)):
            _careful(token, keys, userinfo)
    else:
        assert _careful(token, keys, userinfo)["sub"] == ME.subject


def test_a_nonce_that_was_sent_is_missed() -> None:
    keys = Keys()
    assert _careful(_told(lies.HONEST, keys, "once"), keys, ME_TOLD, "once")["nonce"] == "once"
    with pytest.raises(ValueError, match="nonce"):
        _careful(_told(lies.NO_NONCE, keys, "once"), keys, ME_TOLD, "once")


ME_TOLD = _story(lies.HONEST).userinfo


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_claims_differ_from_the_truth_only_by_the_lie(lie: Lie) -> None:
    story, request = _story(lie), _request("once")
    true, false = honest_claims(ISSUER, story, request, NOW), false_claims(ISSUER, story, request, NOW)
    changed = {name for name in {*true, *false} if true.get(name) != false.get(name)}
    expected = {
        lies.NO_NONCE: {"nonce"},
        lies.NO_SUBJECT: {"sub"},
        lies.WRONG_ISSUER: {"iss"},
        lies.WRONG_AUDIENCE: {"aud"},
        lies.MORE_AUDIENCES: {"aud", "azp"},
        lies.WRONG_NONCE: {"nonce"},
        lies.EXPIRED: {"iat", "exp"},
        lies.NOT_YET: {"nbf", "exp"},
        lies.WRONG_AT_HASH: {"at_hash"},
        lies.MIXED_UP: {"iss", "sub"},
    }
    assert changed == expected.get(lie, set())


def test_a_borrowed_address_is_the_others_and_says_whether_it_is_verified() -> None:
    unverified, verified = _story(lies.UNVERIFIED).about, _story(lies.EMAIL_OF_ANOTHER).about
    assert unverified["email"] == verified["email"] == OTHER.email
    assert (unverified["email_verified"], verified["email_verified"]) == (False, True)
    assert unverified["sub"] == verified["sub"] == ME.subject


def test_an_old_key_stays_published_after_a_rotation() -> None:
    keys = Keys()
    old = _told(lies.HONEST, keys)
    keys.rotate()
    assert _careful(old, keys, ME_TOLD)["sub"] == ME.subject
    assert len(keys.published()["keys"]) == 2
    assert not [name for key in keys.published()["keys"] for name in ("d", "p", "q") if name in key]
