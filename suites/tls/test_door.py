"""The public door: our certificate or none, HTTP sent to HTTPS, browsers told to stay there, strangers refused."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import pytest
import requests

from fixtures.clients.http import Sessions
from fixtures.evidence import Recorder
from fixtures.servers_bench import Servers
from fixtures.stack import Door, Endpoint, Stack
from fixtures.timeouts import LIMITS
from fixtures.tls.handshake import shake
from fixtures.tls.scan import UNKNOWN_NAME
from fixtures.tls.words import subject_of
from fixtures.verdicts import not_applicable

pytestmark = pytest.mark.requirement("TLS-006")

HOSTS = ("sentry", "dex")
every_host = pytest.mark.parametrize("host", HOSTS)
PLACE = "/a/path/?with=query"


def _url(door: Door, host: str) -> str:
    url = door.sentry_url if host == "sentry" else door.dex_url
    if not url:
        not_applicable(f"the door of this stack has no {host}")
    return url


def _ask(door: Door, url: str, method: str = "GET", host: str = "") -> requests.Response:
    """One answer, redirects not followed."""
    sessions = Sessions(ca=door.ca, headers={"Host": host} if host else None)
    try:
        return sessions.get().request(method, url, timeout=LIMITS.http, allow_redirects=False)
    finally:
        sessions.close()


@pytest.mark.parametrize("asked", ["no name", "unknown name", "address"])
def test_the_door_shows_its_own_certificate_or_none(servers: Servers, record: Recorder, asked: str) -> None:
    """Whoever asks for no name, an unknown one, or comes by address is refused or sees the door's own certificate."""
    door = servers.listener("door")
    assert door.endpoint is not None
    own = shake(door.endpoint, name=door.endpoint.host, timeout=LIMITS.handshake)
    assert own.leaf is not None, f"the door shows no certificate for {door.endpoint.host}: {own.refusal}"
    address = servers.stack.door.resolve.get(door.endpoint.host, door.endpoint.host)
    place = Endpoint(host=address, port=door.endpoint.port) if asked == "address" else door.endpoint
    seen = shake(place, name=UNKNOWN_NAME if asked == "unknown name" else "", timeout=LIMITS.handshake)
    record.evidence("shown", {"subjects": [subject_of(one) for one in seen.chain], "refusal": seen.refusal})
    assert seen.leaf in (None, own.leaf), f"it shows another certificate: {[subject_of(one) for one in seen.chain]}"
    assert seen.chain or seen.refusal, "it neither refuses nor shows a certificate"


@every_host
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_http_is_sent_to_https(stack: Stack, record: Recorder, host: str, method: str) -> None:
    """Plain HTTP is answered by a permanent redirect to the same host and path on HTTPS, and by nothing else."""
    if not stack.door.http_port:
        not_applicable("the door of this stack has no HTTP port")
    url = urlsplit(_url(stack.door, host))
    assert url.hostname is not None
    answer = _ask(stack.door, f"http://{url.hostname}:{stack.door.http_port}{PLACE}", method)
    place = answer.headers.get("Location", "")
    record.evidence("answer", {"status": answer.status_code, "location": place, "body": answer.text[:300]})
    assert answer.status_code in (301, 308), f"HTTP {answer.status_code} is no permanent redirect"
    assert place == f"https://{url.netloc}{PLACE}", f"it sends to {place!r}"
    assert "Set-Cookie" not in answer.headers, "a cookie is set over plain HTTP"


@every_host
def test_browsers_are_told_to_stay_on_https(servers: Servers, record: Recorder, host: str) -> None:
    """Every answer over HTTPS carries Strict-Transport-Security for at least a year."""
    door = servers.stack.door
    answer = _ask(
        door, _url(door, host) + ("/auth/login/" if host == "sentry" else "/.well-known/openid-configuration")
    )
    value = answer.headers.get("Strict-Transport-Security", "")
    record.evidence("header", value or "none")
    parts = dict(part.strip().lower().partition("=")[::2] for part in value.split(";"))
    seconds = parts.get("max-age", "").strip('"')
    assert seconds.isdecimal(), f"no max-age in {value!r}; next: stsSeconds in a headers middleware on the route"
    assert int(seconds) >= servers.policy.hsts_seconds, f"max-age {seconds} is less than a year"


def test_cookies_are_safe(stack: Stack, record: Recorder) -> None:
    """The login page's cookies go over HTTPS only and to this site only; no script reads the session's."""
    answer = _ask(stack.door, f"{stack.door.sentry_url}/auth/login/{stack.sentry.organization}/")
    set_cookies = answer.raw.headers.getlist("Set-Cookie")
    assert set_cookies, f"HTTP {answer.status_code} sets no cookie, so nothing was judged"
    cookies = {name: morsel for text in set_cookies for name, morsel in SimpleCookie(text).items()}
    rows = [(name, str(one["secure"]), str(one["httponly"]), one["samesite"]) for name, one in cookies.items()]
    record.grid("cookies", ("name", "secure", "http only", "same site"), rows)
    unsafe = [
        name for name, one in cookies.items() if not one["secure"] or one["samesite"].lower() not in ("lax", "strict")
    ]
    assert not unsafe, f"not Secure, or without SameSite: {', '.join(unsafe)}"
    # Sentry's pages read the CSRF cookie themselves; the session's is nobody's business.
    assert any(one["httponly"] for one in cookies.values()), "no cookie is HttpOnly: scripts can read the session"


@pytest.mark.parametrize("path", ["/", "/api/0/", "/api/1/envelope/"])
def test_an_unknown_host_is_refused(stack: Stack, record: Recorder, path: str) -> None:
    """A request for a host that the door does not serve reaches nothing behind it."""
    answer = _ask(stack.door, stack.door.sentry_url + path, "POST" if "envelope" in path else "GET", UNKNOWN_NAME)
    record.evidence(
        "answer", {"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text[:300]}
    )
    assert answer.status_code in (404, 421), f"HTTP {answer.status_code} for a host that nobody has"
    assert "X-Sentry" not in " ".join(answer.headers), "Sentry answered"
