"""The refusals of Relay 26.8.0 as data: what is sent, and which status and text must come back.

Every row holds for a key that Relay knows and for one that it has not asked about yet; refusals that depend on the
project (403) or on a quota (429) are checks of their own. Source: Relay's router and its integration tests.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fixtures.clients.door import Request, auth_header, envelope_path, store_path
from fixtures.clients.envelope import (
    Item,
    attachment_item,
    bomb,
    compress,
    envelope,
    event_envelope,
    event_item,
    json_item,
)
from fixtures.clients.sentry_api import ProjectRef

MIB = 1024 * 1024
EVENT = {"message": "must never be stored"}
BAD_ENVELOPE = "invalid event envelope"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One request and its expected answer: ``detail`` begins the body's detail, ``cause`` is part of a cause."""

    name: str
    build: Callable[[ProjectRef, str], Request]
    status: int
    detail: str = ""
    cause: str = ""


def _post(body: Callable[[str], bytes], **more: str) -> Callable[[ProjectRef, str], Request]:
    def build(project: ProjectRef, event_id: str) -> Request:
        path = envelope_path(project.id)
        return Request(path=path, body=body(event_id), key=project.key.public, encoding=more.get("encoding", ""))

    return build


def _store(body: Callable[[str], bytes], encoding: str = "") -> Callable[[ProjectRef, str], Request]:
    def build(project: ProjectRef, event_id: str) -> Request:
        return Request(path=store_path(project.id), body=body(event_id), key=project.key.public, encoding=encoding)

    return build


def _auth(path: Callable[[int], str], query: str = "", **headers: str) -> Callable[[ProjectRef, str], Request]:
    def build(project: ProjectRef, event_id: str) -> Request:
        given = {name.replace("_", "-"): text.format(key=project.key.public) for name, text in headers.items()}
        body = event_envelope(event_id, EVENT) if "envelope" in path(1) else _document(event_id)
        return Request(path=path(project.id), body=body, headers=given, query=query.format(key=project.key.public))

    return build


def _raw(
    body: Callable[[str], bytes], encoding: str, path: Callable[[int], str] = envelope_path
) -> Callable[[ProjectRef, str], Request]:
    """A body that is sent as it is under a header that claims an encoding."""

    def build(project: ProjectRef, event_id: str) -> Request:
        headers = {"Content-Encoding": encoding}
        return Request(path=path(project.id), body=body(event_id), key=project.key.public, headers=headers)

    return build


def _packed_bomb(size: int, encoding: str) -> Callable[[str], bytes]:
    return lambda _: bomb(size, encoding)


def _packed_nothing(encoding: str) -> Callable[[str], bytes]:
    return lambda _: compress(b"", encoding)


def _document(event_id: str, message: str = "must never be stored") -> bytes:
    return json.dumps({"event_id": event_id, "message": message}).encode()


def _length(value: object) -> Callable[[str], bytes]:
    payload = json.dumps(EVENT).encode()
    return lambda e: envelope(Item(type="event", payload=payload, length=value), event_id=e)


def _items(items: Iterable[Item]) -> Callable[[str], bytes]:
    kept = tuple(items)
    return lambda e: envelope(*kept, event_id=e)


def _dsn(project: ProjectRef, event_id: str, key: str, number: int) -> Request:
    scheme, _, rest = project.key.dsn.partition("://")
    host = rest.rpartition("@")[2].partition("/")[0]
    body = envelope(event_item(EVENT), event_id=event_id, dsn=f"{scheme}://{key}@{host}/{number}")
    return Request(path=envelope_path(project.id), body=body, key=project.key.public)


AUTHENTICATION = (
    Refusal(
        name="envelope without a key",
        build=_auth(envelope_path),
        status=401,
        detail="bad envelope authentication header",
    ),
    Refusal(
        name="store without a key", build=_auth(store_path), status=401, detail="missing authorization information"
    ),
    Refusal(
        name="auth header without a key",
        build=_auth(store_path, X_Sentry_Auth="Sentry sentry_version=7"),
        status=401,
        detail="bad x-sentry-auth header",
    ),
    Refusal(
        name="key in header and query",
        build=_auth(
            store_path, "sentry_key={key}&sentry_version=7", X_Sentry_Auth="Sentry sentry_key={key}, sentry_version=7"
        ),
        status=401,
        detail="",
        cause="multiple authorization payloads",
    ),
    Refusal(
        name="protocol version 8",
        build=_auth(store_path, X_Sentry_Auth="Sentry sentry_key={key}, sentry_version=8"),
        status=400,
        cause="unsupported protocol version (8)",
    ),
    Refusal(
        name="key of the wrong length",
        build=_auth(envelope_path, X_Sentry_Auth=auth_header("abc")),
        status=400,
        detail="bad sentry DSN public key",
    ),
    Refusal(
        name="dsn with another key",
        build=lambda p, e: _dsn(p, e, uuid.uuid4().hex, p.id),
        status=400,
        detail="",
        cause="public key header mismatch",
    ),
    Refusal(
        name="dsn with another project",
        build=lambda p, e: _dsn(p, e, p.key.public, p.id + 1),
        status=400,
        cause="project id header mismatch",
    ),
)

SYNTAX = (
    Refusal(name="empty envelope body", build=_post(lambda _: b""), status=400, detail="empty request body"),
    Refusal(name="empty store body", build=_store(lambda _: b""), status=400, detail="empty request body"),
    Refusal(name="store that is no JSON", build=_store(lambda _: b"{nope"), status=400, detail="invalid JSON data"),
    Refusal(name="store that is nothing", build=_store(lambda _: b"!!!"), status=400, detail="invalid request body"),
    Refusal(
        name="store with a bad id", build=_store(lambda _: _document("xyz")), status=400, detail="invalid JSON data"
    ),
    *(
        Refusal(name=name, build=_post(body), status=400, detail=BAD_ENVELOPE, cause=cause)
        for name, body, cause in (
            ("first line that is no JSON", lambda _: b"not an envelope\n", "invalid envelope header"),
            ("header with a bad id", lambda _: envelope(event_item(EVENT), event_id="xyz"), "invalid envelope header"),
            ("header with a bad sent_at", lambda e: envelope(event_id=e, sent_at="x"), "invalid envelope header"),
            ("length too long", _length(99_999), "unexpected end of file"),
            ("length too short", _length(3), "missing newline after header or payload"),
            ("length negative", _length(-1), "invalid item header"),
            ("length as text", _length("12"), "invalid item header"),
            ("length as a fraction", _length(12.5), "invalid item header"),
            ("item without a type", _items([Item(type=None, payload=b"{}")]), "invalid item header"),
            ("item header that is no JSON", lambda e: envelope(event_id=e) + b"{nope\n{}\n", "invalid item header"),
            ("blank lines after the last item", lambda e: event_envelope(e, EVENT) + b"\n\n", ""),
        )
    ),
    Refusal(
        name="an item that only Relays may send",
        build=_post(_items([json_item("integration", {})])),
        status=400,
        detail="envelope contains internal items",
    ),
    Refusal(
        name="501 items",
        build=_post(_items([json_item("client_report", {})] * 501)),
        status=400,
        cause="too many individual items",
    ),
)

SIZE = (
    Refusal(
        name="event of 1.2 MB",
        build=_post(lambda e: event_envelope(e, {"message": "x" * 1_200_000})),
        status=413,
        detail="envelope exceeded size limits for type 'event'",
    ),
    Refusal(
        name="two events in one envelope",
        build=_post(_items([event_item(EVENT), event_item(EVENT)])),
        status=413,
        detail="envelope exceeded size limits for type 'event'",
    ),
    Refusal(
        name="31 attachments",
        build=_post(_items([event_item(EVENT), *[attachment_item("a.txt", b"a")] * 31])),
        status=413,
        detail="envelope exceeded size limits for type 'attachment:attachment'",
    ),
    Refusal(
        name="client report of 101 KiB",
        build=_post(_items([json_item("client_report", {"pad": "x" * 101 * 1024})])),
        status=413,
        detail="envelope exceeded size limits for type 'client_report'",
    ),
    *(
        Refusal(
            name=f"store of 2 MiB packed as {encoding}",
            build=_raw(_packed_bomb(2 * MIB, encoding), encoding, store_path),
            status=413,
            detail="Failed to buffer the request body: length limit exceeded",
        )
        for encoding in ("gzip", "zstd")
    ),
    Refusal(
        name="envelope of 201 MiB packed",
        build=_raw(_packed_bomb(201 * MIB, "gzip"), "gzip"),
        status=413,
        detail="Failed to buffer the request body: length limit exceeded",
    ),
)

ENCODING = (
    Refusal(name="unknown encoding", build=_raw(lambda e: event_envelope(e, EVENT), "lzma"), status=415),
    Refusal(name="two encodings", build=_raw(lambda e: event_envelope(e, EVENT), "gzip, br"), status=415),
    Refusal(
        name="broken gzip stream",
        build=_raw(lambda e: compress(event_envelope(e, EVENT), "gzip")[:40], "gzip"),
        status=400,
        detail="Failed to buffer the request body",
    ),
    *(
        Refusal(
            name=f"nothing, packed as {encoding}",
            build=_raw(_packed_nothing(encoding), encoding),
            status=400,
            detail="empty request body",
        )
        for encoding in ("gzip", "deflate", "br", "zstd")
    ),
)

ROUTES = (
    Refusal(
        name="envelope by GET",
        build=lambda p, _: Request(path=envelope_path(p.id), method="GET", key=p.key.public),
        status=405,
    ),
    Refusal(
        name="security report of another type",
        build=lambda p, _: Request(
            path=f"/api/{p.id}/security/", body=b"{}", key=p.key.public, headers={"Content-Type": "text/plain"}
        ),
        status=415,
    ),
    Refusal(
        name="attachment to a bad event id",
        build=lambda p, _: Request(path=f"/api/{p.id}/events/xyz/attachments/", body=b"{}", key=p.key.public),
        status=400,
    ),
    Refusal(
        name="minidump that is none",
        build=lambda p, _: Request(
            path=f"/api/{p.id}/minidump/",
            body=b"XXXX" * 8,
            key=p.key.public,
            headers={"Content-Type": "application/octet-stream"},
        ),
        status=400,
        detail="invalid minidump",
    ),
)

REFUSALS: tuple[Refusal, ...] = (*AUTHENTICATION, *SYNTAX, *SIZE, *ENCODING, *ROUTES)
