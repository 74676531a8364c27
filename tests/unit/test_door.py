"""The public door and Dex behind it, run for real: who is led where, what is refused, and one whole login."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import yaml

from fixtures.embedded.secret import DEX_CLIENT, stack_secret
from fixtures.embedded.server import Site
from fixtures.embedded.servers import dex, traefik
from fixtures.embedded.tools import Tools
from fixtures.errors import BadInput
from tests.unit.small_stack import running, temporary_site, tls_client

SENTRY, DEX = "sentry.localhost", "dex.localhost"


def _backend(name: str, port: int) -> ThreadingHTTPServer:
    """A server that answers with its own name and what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps({"by": name, "path": self.path, "headers": dict(self.headers)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@pytest.fixture(scope="module")
def site(small_tools: Tools) -> Iterator[Site]:
    """Traefik and Dex, with echoes for Sentry and Relay."""
    with temporary_site(small_tools) as made:
        backends = [_backend(name, made.ports[name]) for name in ("sentry-web", "relay")]
        threads = [threading.Thread(target=backend.serve_forever, args=(0.05,)) for backend in backends]
        for thread in threads:
            thread.start()
        try:
            with running(made, dex.server(made)), running(made, traefik.server(made)):
                yield made
        finally:
            for backend, thread in zip(backends, threads, strict=True):
                backend.shutdown()
                backend.server_close()
                thread.join()


class _Answer:
    """Status, headers and body of one request through the door."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def _tls(site: Site, name: str, *, root: Path | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLSocket:
    context = tls_client(root or site.identity("suite-client-tls").ca, newest=newest)
    plain = socket.create_connection(("127.0.0.1", site.ports["door"]), timeout=10)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


def _ask(
    site: Site, host: str, path: str, *, method: str = "GET", body: bytes | str | None = None, **headers: str
) -> _Answer:
    connection = http.client.HTTPConnection(host, site.ports["door"])
    connection.sock = _tls(site, host)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        return _Answer(connection.getresponse())
    finally:
        connection.close()


ROUTES = {
    "/": "sentry-web",
    "/api/0/projects/": "sentry-web",
    "/api/0/organizations/acme/releases/app%2F1.0/": "sentry-web",
    "/api/relay/healthcheck/ready/": "sentry-web",
    "/api/01/envelope/": "sentry-web",
    "/auth/sso/?code=a": "sentry-web",
    "/api/store/": "relay",
    "/api/1/store/": "relay",
    "/api/42/envelope/?sentry_key=a": "relay",
    "/api/0/relays/live/": "relay",
}


@pytest.mark.parametrize("path", ROUTES)
def test_paths_are_split_between_sentry_and_relay(path: str, site: Site) -> None:
    answer = _ask(site, SENTRY, path)
    assert (answer.status, answer.json["by"], answer.json["path"]) == (200, ROUTES[path], path)


def test_what_clients_claim_about_themselves_is_dropped(site: Site) -> None:
    claims = ("X-Forwarded-For", "X-Real-Ip", *traefik.CLIENT_ADDRESS_HEADERS)
    spoofed = {claim.replace("-", "_"): "6.6.6.6" for claim in claims}
    answer = _ask(site, SENTRY, "/api/1/envelope/", method="POST", body="{}", X_Forwarded_Proto="http", **spoofed)
    seen = {name.lower(): value for name, value in answer.json["headers"].items()}
    assert "6.6.6.6" not in seen.values()
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"
    assert seen["x-forwarded-host"] == seen["host"] == f"{SENTRY}:{site.ports['door']}"


def test_sentry_is_https_for_good(site: Site) -> None:
    assert _ask(site, SENTRY, "/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_http_is_sent_to_https_at_the_right_port(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["door-http"], timeout=10)
    connection.request("GET", "/auth/login/?next=a", headers={"Host": f"{SENTRY}:{site.ports['door-http']}"})
    answer = _Answer(connection.getresponse())
    connection.close()
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{SENTRY}:{site.ports['door']}/auth/login/?next=a"


def test_a_body_over_the_limit_is_refused_at_the_door(site: Site) -> None:
    with _tls(site, SENTRY) as link:
        head = f"POST /api/1/envelope/ HTTP/1.1\r\nHost: {SENTRY}\r\nContent-Length: {traefik.BODY_LIMIT + 1}\r\n\r\n"
        link.sendall(head.encode() + b"x" * 1000)
        assert link.makefile("rb").readline().split()[1] == b"413"


def test_the_door_shows_its_own_certificate_and_no_other(site: Site) -> None:
    with _tls(site, DEX) as link:
        shown = link.getpeercert()
    assert shown is not None
    names = (("DNS", name) for name in ("sentry.example.test", "dex.example.test", SENTRY, DEX))
    assert shown["subjectAltName"] == tuple(names)


def test_a_client_with_the_wrong_root_refuses_the_door(site: Site) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _tls(site, SENTRY, root=site.identity("foreign-suite-tls").ca)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "other.localhost"])
def test_an_unknown_name_gets_no_certificate(name: str, site: Site) -> None:
    with pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME|ALERT"):
        _tls(site, name)


def test_tls_1_1_is_refused_and_1_2_is_not(site: Site) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        _tls(site, SENTRY, newest=ssl.TLSVersion.TLSv1_1)
    with _tls(site, SENTRY, newest=ssl.TLSVersion.TLSv1_2) as link:
        assert link.version() == "TLSv1.2"


def test_plaintext_on_the_tls_port_reaches_nobody(site: Site) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["door"], timeout=10)
    connection.request("GET", "/", headers={"Host": SENTRY})
    answer = _Answer(connection.getresponse())
    connection.close()
    assert answer.status in (400, 404)
    assert b"sentry-web" not in answer.body


def _follow(site: Site, answer: _Answer) -> tuple[str, _Answer]:
    """Follow Dex's own redirects, until a page or another host; gives the last address and answer."""
    address = ""
    for _ in range(6):
        if answer.status not in (302, 303):
            return address, answer
        parts = urlsplit(answer.headers["Location"])
        if parts.hostname not in (None, DEX):
            return answer.headers["Location"], answer
        address = f"{parts.path}?{parts.query}"
        answer = _ask(site, DEX, address)
    pytest.fail("Dex redirects in a circle")


def _log_in(site: Site, email: str, password: str) -> tuple[str, _Answer]:
    """From the authorization request through the login form to where Dex leads."""
    query = {
        "client_id": "sentry",
        "response_type": "code",
        "scope": "openid email profile",
        "redirect_uri": f"https://{SENTRY}:{site.ports['door']}/auth/sso/",
        "state": "s1",
    }
    address, page = _follow(site, _ask(site, DEX, f"/dex/auth?{urlencode(query)}"))
    assert (page.status, b'name="password"' in page.body) == (200, True), page.body
    form = urlencode({"login": email, "password": password})
    posted = {"method": "POST", "Content_Type": "application/x-www-form-urlencoded"}
    return _follow(site, _ask(site, DEX, address, body=form, **posted))


def test_a_user_logs_in_through_the_door(site: Site) -> None:
    address, answer = _log_in(site, "user@example.test", dex.password(site, "user"))
    assert answer.status == 303, answer.body
    landed = urlsplit(address)
    assert (landed.hostname, landed.port, landed.path) == (SENTRY, site.ports["door"], "/auth/sso/")
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(landed.query)["code"][0],
        "redirect_uri": f"https://{SENTRY}:{site.ports['door']}/auth/sso/",
        "client_id": "sentry",
        "client_secret": stack_secret(site.root, DEX_CLIENT),
    }
    posted = {"method": "POST", "Content_Type": "application/x-www-form-urlencoded"}
    wrong = _ask(site, DEX, "/dex/token", body=urlencode({**form, "client_secret": "wrong"}), **posted)
    assert wrong.status == 401
    right = _ask(site, DEX, "/dex/token", body=urlencode(form), **posted)
    assert right.status == 200, right.body
    payload = right.json["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert (claims["iss"], claims["email"], claims["aud"]) == (dex.issuer(site), "user@example.test", "sentry")


def test_a_wrong_password_is_refused(site: Site) -> None:
    _, answer = _log_in(site, "user@example.test", dex.password(site, "admin"))
    assert answer.status == 401


def test_secrets_are_the_stacks_own_and_closed_to_others(site: Site) -> None:
    config = site.folder("dex") / "config.yaml"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    text = (site.manifests / dex.MANIFEST).read_text()
    assert not re.search(r"^\s*(secret|hash|clientSecret): [^$]", text, re.MULTILINE)
    written = yaml.safe_load(config.read_text())
    assert written["staticClients"][0]["secret"] == stack_secret(site.root, DEX_CLIENT)
    assert dex.password(site, "admin") not in config.read_text()
    assert all(user["hash"].startswith("$2b$10$") for user in written["staticPasswords"])


def test_dex_says_what_is_wrong_with_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("issuer: https://dex.example.test/dex\n")
    with pytest.raises(BadInput, match="lacks staticClients, staticPasswords, web"):
        dex.manifest(tmp_path / "config.yaml")
