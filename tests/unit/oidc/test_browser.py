"""The browser of the suite verifies certificates: it opens what its CA signed, and nothing else."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.clients.browser import browser, programs
from fixtures.embedded.server import LOOPBACK
from fixtures.pki.issuing import foreign_authority, issue
from fixtures.pki.x509 import SERVER_AUTH, certificate_pem
from fixtures.stack import Identity

HOST = "page.localhost"

pytestmark = pytest.mark.skipif(isinstance(programs(), str), reason=str(programs()))


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<title>the page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A browser that does not trust us hangs up."""


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder = tmp_path_factory.mktemp("server") / "page-tls"
    return issue(
        folder, authority=foreign_authority("ours"), common_name=HOST, dns_names=(HOST,), usages=(SERVER_AUTH,)
    )


@pytest.fixture(scope="module")
def url(identity: Identity) -> Iterator[str]:
    server = _Server((LOOPBACK, 0), _Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://{HOST}:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_opens_what_its_authority_signed(identity: Identity, url: str) -> None:
    with browser(identity.ca, {HOST: LOOPBACK}) as driver:
        driver.get(url)
        assert driver.title == "the page"


def test_it_stops_at_what_another_one_signed(tmp_path: Path, url: str) -> None:
    stranger = tmp_path / "stranger.crt"
    stranger.write_bytes(certificate_pem(foreign_authority("stranger").certificate))
    with browser(stranger, {HOST: LOOPBACK}) as driver:
        driver.get(url)
        assert "ERR_CERT_AUTHORITY_INVALID" in driver.page_source
