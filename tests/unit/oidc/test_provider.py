"""The hostile provider as a client of OpenID Connect meets it, on HTTPS."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from fixtures import pki
from fixtures.oidc import lies
from fixtures.oidc.lies import Claimant, Lie
from fixtures.oidc.provider import Answer, HostileProvider, serving
from fixtures.oidc.tokens import Story
from fixtures.pki.x509 import SERVER_AUTH
from fixtures.stack import Endpoint

ISSUER = "https://dex.example.test/dex"
BACK = "https://sentry.example.test/auth/sso/"
ME = Claimant(subject="me", email="me@example.test", name="Me")
OTHER = Claimant(subject="other", email="other@example.test", name="Other")


@pytest.fixture(scope="module")
def provider() -> HostileProvider:
    return HostileProvider(ISSUER)


def _authorize(provider: HostileProvider, state: str = "here", **more: str) -> dict[str, str]:
    asked = {"redirect_uri": BACK, "state": state, "client_id": "sentry", **more}
    answer = provider.answer("GET", f"/dex/auth?{urlencode(asked)}", {}, "")
    assert answer.location.startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(answer.location).query))


def _redeem(provider: HostileProvider, code: str) -> Answer:
    form = {"grant_type": "authorization_code", "code": code, "client_id": "sentry", "client_secret": "s" * 40}
    return provider.answer("POST", "/dex/token", {}, urlencode(form))


def _userinfo(provider: HostileProvider, answer: Answer) -> Answer:
    return provider.answer("GET", "/dex/userinfo", {"Authorization": f"Bearer {answer.body['access_token']}"}, "")


def _two_browsers(provider: HostileProvider, lie: Lie) -> tuple[dict[str, str], dict[str, str]]:
    """What the browser of the other got, and then this one under the lie."""
    provider.tell(Story(lie=lies.HONEST, who=OTHER))
    theirs = _authorize(provider, "theirs")
    _redeem(provider, theirs["code"])
    provider.tell(Story(lie=lie, who=ME, other=OTHER))
    return theirs, _authorize(provider, "mine")


def test_a_login_is_one_code_one_token_and_the_userinfo(provider: HostileProvider) -> None:
    seen = provider.tell(Story(lie=lies.HONEST, who=ME))
    answer = _authorize(provider)
    assert answer["state"] == "here"
    assert not seen.redeemed
    told = _redeem(provider, answer["code"])
    assert seen.redeemed
    assert str(told.body["id_token"]).count(".") == 2
    assert _userinfo(provider, told).body["sub"] == ME.subject
    assert seen.requests == ["GET /dex/auth", "POST /dex/token", "GET /dex/userinfo"]


def test_whether_the_client_sends_a_nonce_is_seen(provider: HostileProvider) -> None:
    seen = provider.tell(Story(lie=lies.HONEST, who=ME))
    _authorize(provider)
    assert not seen.nonce
    _authorize(provider, nonce="once")
    assert seen.nonce


def test_a_replay_is_code_and_state_of_the_other(provider: HostileProvider) -> None:
    theirs, mine = _two_browsers(provider, lies.REPLAYED)
    assert mine == theirs
    assert _userinfo(provider, _redeem(provider, mine["code"])).body["sub"] == OTHER.subject


def test_a_code_of_another_comes_with_the_right_state(provider: HostileProvider) -> None:
    theirs, mine = _two_browsers(provider, lies.CODE_OF_ANOTHER)
    assert (mine["code"], mine["state"]) == (theirs["code"], "mine")


def test_userinfo_of_another_subject_and_no_token(provider: HostileProvider) -> None:
    provider.tell(Story(lie=lies.OTHER_SUBJECT, who=ME))
    told = _redeem(provider, _authorize(provider)["code"])
    assert _userinfo(provider, told).body["sub"] != ME.subject
    provider.tell(Story(lie=lies.NO_TOKEN, who=ME))
    assert "id_token" not in _redeem(provider, _authorize(provider)["code"]).body


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/dex/token", "code=never-given", 400),
        ("GET", "/dex/userinfo", "", 401),
        ("GET", "/dex/nothing", "", 404),
        ("GET", "/dex/auth", "", 400),
    ],
)
def test_what_it_never_gave_is_refused(
    provider: HostileProvider, method: str, path: str, body: str, status: int
) -> None:
    assert provider.answer(method, path, {}, body).status == status


def test_discovery_names_the_issuer_and_its_endpoints(provider: HostileProvider) -> None:
    told = provider.answer("GET", "/dex/.well-known/openid-configuration", {}, "").body
    assert told["issuer"] == ISSUER
    assert told["jwks_uri"] == f"{ISSUER}/keys"
    assert json.dumps(provider.answer("GET", "/dex/keys", {}, "").body).count('"kid"') >= 1


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[tuple[str, Path]]:
    authority = pki.foreign_authority()
    identity = pki.issue(
        folder, authority=authority, common_name="dex", usages=(SERVER_AUTH,), dns_names=("localhost",)
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(Endpoint(host="localhost", port=port), ISSUER, identity) as provider:
        provider.tell(Story(lie=lies.HONEST, who=ME))
        yield f"https://localhost:{port}/dex", identity.ca


def test_it_serves_on_https_beside_a_client_that_says_nothing(tmp_path: Path) -> None:
    with _served(tmp_path) as (url, ca), requests.Session() as session:
        session.trust_env = False
        port = urlsplit(url).port or 0
        with socket.create_connection(("127.0.0.1", port)):
            answer = session.get(f"{url}/keys", verify=str(ca), timeout=5)
            assert answer.json()["keys"]
            asked = {"redirect_uri": BACK, "state": "here"}
            led = session.get(f"{url}/auth", params=asked, verify=str(ca), timeout=5, allow_redirects=False)
            assert (led.status_code, led.headers["Location"].partition("?")[0]) == (303, BACK)
