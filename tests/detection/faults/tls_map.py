"""Faults of the map: what listens, who is connected to what, and what a port demands."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import yaml

from fixtures.embedded.server import LOOPBACK
from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE
from tests.detection.workshop import CannotBreak, Workshop

_MAP = "tls/test_map.py::"
SOCKETS = f"{_MAP}test_every_listening_socket_is_declared"
LOOPBACKS = f"{_MAP}test_what_belongs_on_loopback_is_bound_to_it"
LISTENS = f"{_MAP}test_every_declared_listener_listens"
CONNECTIONS = f"{_MAP}test_every_open_connection_is_a_declared_link"
PROTECTED = f"{_MAP}test_every_listener_is_protected_as_declared"
REASONS = f"{_MAP}test_every_plaintext_has_a_reason"
LEADS = f"{_MAP}test_every_link_leads_to_a_listener"
EVERY = (SOCKETS, LOOPBACKS, LISTENS, CONNECTIONS, PROTECTED, REASONS, LEADS)
VALKEY = "valkey/valkey.conf"


def but(*checks: str) -> tuple[str, ...]:
    """Every check of the map but these, and one of another suite."""
    return (ALIVE, *(one for one in EVERY if one not in checks))


def _free_port() -> int:
    with socket.socket() as held:
        held.bind((LOOPBACK, 0))
        return int(held.getsockname()[1])


def _valkey(old: str, new: str) -> Callable[[Workshop], None]:
    def inject(workshop: Workshop) -> None:
        text = (workshop.root / VALKEY).read_text()
        if old not in text:
            raise CannotBreak(f"Valkey's settings have no line {old!r}", where=VALKEY)
        workshop.write(VALKEY, text.replace(old, new))
        workshop.restart("valkey")

    return inject


def _plain_port(workshop: Workshop) -> None:
    _valkey("port 0\n", f"port {_free_port()}\n")(workshop)


def _entry_point(workshop: Workshop) -> None:
    def change(settings: dict[str, Any]) -> None:
        settings["entryPoints"]["seeded"] = {"address": f"{LOOPBACK}:{_free_port()}"}

    workshop.edit("traefik/traefik.yml", change)
    workshop.restart("traefik")


def _trusting(workshop: Workshop) -> None:
    path = "postgres/pg_hba.conf"
    workshop.write(path, "hostssl all suite all trust\n" + (workshop.root / path).read_text())
    workshop.postgres("SELECT pg_reload_conf()", undo="SELECT pg_reload_conf()")


def _by_the_sidecar(workshop: Workshop) -> None:
    port = workshop.site.ports["relay-valkey"]
    workshop.set_sentry(
        f"import socket\nseeded_way = socket.create_connection(({LOOPBACK!r}, {port}))", "sentry-forwarder"
    )


def _links(change: Callable[[dict[str, Any]], None]) -> Callable[[Workshop], None]:
    """A stack that is judged by another list of links."""

    def inject(workshop: Workshop) -> None:
        document = yaml.safe_load((workshop.site.manifests / "links.yaml").read_text())
        change(document)
        workshop.write("seeded/links.yaml", yaml.safe_dump(document))
        workshop.edit("site.json", lambda saved: saved.update(manifests=str(workshop.root / "seeded")))

    return inject


def _without_reason(document: dict[str, Any]) -> None:
    next(one for one in document["listeners"] if one["name"] == "relay")["reason"] = ""


def _promising(document: dict[str, Any]) -> None:
    next(one for one in document["links"] if one["server"] == "dex")["policy"] = "mtls"


FAULTS = (
    Fault(
        id="map-stray-entry-point",
        sentence="Traefik listens on one more port, which nobody declared.",
        stands_for="a dashboard or a debug port that was opened for an afternoon",
        inject=_entry_point,
        must_fail=(SOCKETS,),
        must_pass=but(SOCKETS),
        quick=True,
    ),
    Fault(
        id="map-plaintext-port-beside-tls",
        sentence="Valkey has a port without TLS beside the one with it.",
        stands_for="a migration to TLS whose last step was forgotten",
        inject=_plain_port,
        must_fail=(SOCKETS,),
        must_pass=but(SOCKETS),
    ),
    Fault(
        id="map-bound-to-every-address",
        sentence="Valkey is bound to every address of its host.",
        stands_for="a default that nobody changed",
        inject=_valkey(f"bind {LOOPBACK}\n", "bind 0.0.0.0\n"),
        must_fail=(LOOPBACKS,),
        must_pass=but(LOOPBACKS),
    ),
    Fault(
        id="map-no-certificate-demanded",
        sentence="Valkey asks its clients for no certificate.",
        stands_for="the SAP operator's template, which says authClients: false",
        inject=_valkey("tls-auth-clients yes", "tls-auth-clients no"),
        must_fail=(PROTECTED,),
        must_pass=but(PROTECTED),
    ),
    Fault(
        id="map-certificate-optional",
        sentence="Valkey asks its clients for a certificate and lets them in without one.",
        stands_for="optional authentication, set so that a probe may pass",
        inject=_valkey("tls-auth-clients yes", "tls-auth-clients optional"),
        must_fail=(PROTECTED,),
        must_pass=but(PROTECTED),
        quick=True,
    ),
    Fault(
        id="map-postgres-trusts",
        sentence="PostgreSQL lets the suite's role in over TLS without a certificate.",
        stands_for="a line for a test at the top of pg_hba.conf",
        inject=_trusting,
        must_fail=(PROTECTED,),
        must_pass=but(PROTECTED),
    ),
    Fault(
        id="map-listener-gone",
        sentence="Dex does not listen.",
        stands_for="a login server that nobody has missed yet",
        inject=lambda workshop: workshop.stop("dex"),
        must_fail=(LISTENS, PROTECTED),
        must_pass=but(LISTENS, PROTECTED),
    ),
    Fault(
        id="map-undeclared-connection",
        sentence="Sentry's forwarder is connected to the plaintext port of Relay's sidecar.",
        stands_for="a client that takes another's unencrypted way to a store",
        inject=_by_the_sidecar,
        must_fail=(CONNECTIONS,),
        must_pass=but(CONNECTIONS),
    ),
    Fault(
        id="map-plaintext-without-reason",
        sentence="A listener is declared plaintext, and nobody says why.",
        stands_for="an exception that was granted without a word",
        inject=_links(_without_reason),
        must_fail=(REASONS,),
        must_pass=but(REASONS),
    ),
    Fault(
        id="map-link-promises-too-much",
        sentence="A link is declared mTLS that leads to a port without it.",
        stands_for="a list that says what was meant and not what is",
        inject=_links(_promising),
        must_fail=(LEADS,),
        must_pass=but(LEADS),
    ),
)
