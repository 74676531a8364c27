"""A man in the middle between the door and Dex, who changes one thing: a Dex that is careless."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from fixtures.embedded.server import LOCALHOST, LOOPBACK
from fixtures.timeouts import LIMITS
from tests.detection.workshop import Workshop

ROUTES = "traefik/routes.yml"
NOT_PASSED = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "accept-encoding", "date"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came; ``path`` is the target with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def place(self) -> str:
        """The path alone, without Dex's own prefix."""
        return urlsplit(self.path).path.removeprefix("/dex")

    @property
    def form(self) -> dict[str, str]:
        """The fields that were sent."""
        return dict(parse_qsl(self.body.decode()))

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address."""
        return dict(parse_qsl(urlsplit(self.path).query))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


Forward = Callable[[Request], Answer]
Twist = Callable[[Request, Forward], Answer]


def between(workshop: Workshop, twist: Twist) -> None:
    """Have the door ask Dex through ``twist`` until the workshop heals."""
    server = _Server((LOOPBACK, 0), _handler(_forward(workshop), twist))
    identity = workshop.site.identity("dex-tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    workshop.later(lambda: _end(server))

    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        dex = document["http"]["services"]["dex"]["loadBalancer"]
        dex["servers"] = [{"url": f"https://{LOCALHOST}:{server.server_address[1]}"}]

    workshop.edit(ROUTES, change)
    workshop.restart("traefik")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that end early are the door's business."""


def _end(server: http.server.ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


def _forward(workshop: Workshop) -> Forward:
    base = f"https://{workshop.site.endpoint('dex').address}"
    ca = str(workshop.site.identity("dex-tls").ca)

    def forward(request: Request) -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            found = session.request(
                request.method,
                f"{base}{request.path}",
                data=request.body or None,
                headers=dict(request.headers),
                verify=ca,
                allow_redirects=False,
                timeout=LIMITS.http,
            )
        headers = {name: value for name, value in found.headers.items() if name.lower() not in NOT_PASSED}
        return Answer(status=found.status_code, headers=headers, body=found.content)

    return forward


def _handler(forward: Forward, twist: Twist) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED}
            asked = Request(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
            answer = twist(asked, forward)
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _pass  # noqa: N815 - names of the standard library

    return Handler


def with_query(url: str, **parameters: str) -> str:
    """The address with these parameters and no others."""
    return urlunsplit(urlsplit(url)._replace(query=urlencode(parameters)))


def with_form(request: Request, **fields: str) -> Request:
    """The request with some fields of its form changed."""
    return replace(request, body=urlencode({**request.form, **fields}).encode())
