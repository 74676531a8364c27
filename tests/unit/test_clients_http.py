"""The HTTP clients against a real server on loopback: what is sent, what is read, and that no secret is shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import brotli  # type: ignore[import-untyped]
import pytest

from fixtures.clients.door import DoorClient, Request, envelope_path
from fixtures.clients.envelope import item_types, new_event_id
from fixtures.clients.sdk import SdkClient
from fixtures.clients.sentry_api import ApiError, SentryApi
from fixtures.clients.snuba import Snuba
from fixtures.stack import SentryAccess

TOKEN = "sntryu_do_not_show_me"


class _Handler(BaseHTTPRequestHandler):
    """Answers what the test put into ``answers`` by path, and remembers what came."""

    answers: ClassVar[dict[str, tuple[int, object]]] = {}
    came: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.came.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        status, answer = self.answers.get(
            self.path.partition("?")[0], (404, {"detail": "no such path", "causes": ["c"]})
        )
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Sentry-Rate-Limits", "9:error:key:key_quota")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST  # noqa: N815 - names that the standard library demands

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    _Handler.answers, _Handler.came = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{made.server_port}"
        finally:
            made.shutdown()
            thread.join()


def test_the_door_client_sends_and_reads(server: str) -> None:
    event_id = new_event_id()
    _Handler.answers[envelope_path(3)] = (200, {"id": event_id})
    door = DoorClient(url=server, ca=Path("/dev/null"))
    answer = door.send(Request(path=envelope_path(3), body=b"hello", key="k", encoding="br", headers={"X-More": "1"}))
    refused = door.send(Request(path="/nowhere/", method="GET", query="a=1"))
    door.close()
    _, _, headers, body = _Handler.came[0]
    assert brotli.decompress(body) == b"hello"
    assert headers["content-encoding"] == "br"
    assert headers["x-sentry-auth"].endswith("sentry_key=k")
    assert (headers["x-more"], headers["content-type"]) == ("1", "application/x-sentry-envelope")
    assert (answer.status, answer.event_id) == (200, event_id)
    assert answer.headers["x-sentry-rate-limits"] == "9:error:key:key_quota"
    assert answer.left <= answer.answered
    assert (refused.status, refused.detail, refused.causes) == (404, "no such path", ("c",))
    assert _Handler.came[1][1] == "/nowhere/?a=1"


def test_a_plain_text_refusal_is_its_own_detail(server: str) -> None:
    _Handler.answers["/x/"] = (413, b"Failed to buffer")
    door = DoorClient(url=server, ca=Path("/dev/null"))
    answer = door.send(Request(path="/x/"))
    door.close()
    assert (answer.json, answer.detail, answer.causes, answer.event_id) == (None, "Failed to buffer", (), None)


def test_the_api_client_makes_projects_and_hides_its_token(server: str) -> None:
    key = {"id": "k1", "public": "p" * 32, "dsn": {"public": "https://p@door/5"}}
    _Handler.answers["/api/0/teams/acme/platform/projects/"] = (201, {"id": "5", "slug": "shop"})
    _Handler.answers["/api/0/projects/acme/shop/keys/"] = (200, [key])
    access = SentryAccess(url=server, organization="acme", team="platform", token=TOKEN)
    api = SentryApi(access, Path("/dev/null"))
    made = api.create_project("shop")
    with pytest.raises(ApiError) as refused:
        api.get("missing/")
    api.close()
    assert (made.id, made.slug, made.key.public) == (5, "shop", "p" * 32)
    assert _Handler.came[0][2]["authorization"] == f"Bearer {TOKEN}"
    assert "HTTP 404" in str(refused.value)
    assert TOKEN not in str(refused.value) + repr(access)


def test_a_snuba_refusal_is_readable(server: str) -> None:
    _Handler.answers["/events/snql"] = (400, {"error": {"type": "invalid_query", "message": "no such function"}})
    snuba = Snuba(server)
    answer = snuba.query("MATCH (events) SELECT x")
    snuba.close()
    assert (answer.status, answer.error) == (400, "no such function")
    assert json.loads(_Handler.came[0][3])["query"] == "MATCH (events) SELECT x"
    with pytest.raises(AssertionError, match="HTTP 400"):
        _ = answer.data


def test_the_sdk_client_sends_one_event_and_keeps_the_answer(server: str) -> None:
    event_id = "a" * 32
    _Handler.answers[envelope_path(7)] = (200, {"id": event_id})
    client = SdkClient(dsn=server.replace("://", "://k@") + "/7", ca=Path("/dev/null"), release="r@1", environment="e")
    try:
        sent = client.error(ValueError("x"), tags={"colour": "blue"}, user={"id": "1"})
    finally:
        client.close()
    (_, path, headers, body), *_ = _Handler.came
    decoded = brotli.decompress(body)
    event = json.loads(decoded.split(b"\n")[2])
    assert path == envelope_path(7)
    assert headers["content-encoding"] == "br"
    assert item_types(decoded) == ["event"]
    assert (event["event_id"], event["tags"], event["user"]) == (sent, {"colour": "blue"}, {"id": "1"})
    assert (event["release"], event["environment"], event["level"]) == ("r@1", "e", "error")
    assert client.answers[0].json() == {"id": event_id}
