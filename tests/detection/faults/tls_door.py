"""Faults of the public door's HTTPS, in Traefik's written configuration and in Sentry's settings."""

from __future__ import annotations

from typing import Any

from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE, LAYOUT
from tests.detection.faults.tls_names import COOKIES, DEFAULT, DOOR, HSTS, REDIRECT, TRUSTED, UNKNOWN
from tests.detection.workshop import Workshop

ROUTES, STATIC = "traefik/routes.yml", "traefik/traefik.yml"
UNKNOWN_HOST = f"{DOOR}test_an_unknown_host_is_refused"


def _no_redirect(workshop: Workshop) -> None:
    """Plain HTTP is served as HTTPS is."""

    def routes(document: Any) -> None:  # noqa: ANN401 - YAML
        plain = {
            f"plain-{name}": {**{key: value for key, value in router.items() if key != "tls"}, "entryPoints": ["web"]}
            for name, router in document["http"]["routers"].items()
        }
        document["http"]["routers"].update(plain)

    workshop.edit(STATIC, lambda document: document["entryPoints"]["web"].pop("http"))
    workshop.edit(ROUTES, routes)
    workshop.restart("traefik")


def _no_hsts(workshop: Workshop) -> None:
    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        document["http"]["middlewares"]["hsts"] = {"headers": {"stsSeconds": 300}}
        document["http"]["routers"]["dex"].pop("middlewares")

    workshop.edit(ROUTES, change)
    workshop.restart("traefik")


def _default_certificate(workshop: Workshop) -> None:
    workshop.edit(ROUTES, lambda document: document["tls"]["options"]["default"].update(sniStrict=False))
    workshop.restart("traefik")


def _any_host(workshop: Workshop) -> None:
    def change(document: Any) -> None:  # noqa: ANN401 - YAML
        # Traefik's readiness asks for a host of its own that nobody may answer to.
        web = document["http"]["routers"]["sentry-web"]
        document["http"]["routers"]["seeded"] = {**web, "rule": "!Host(`no-such-host.invalid`)", "priority": 1}

    workshop.edit(ROUTES, change)
    workshop.restart("traefik")


FAULTS = (
    Fault(
        id="door-serves-plain-http",
        sentence="The door serves Sentry and Dex over plain HTTP.",
        stands_for="a redirect lost when the entry points were written anew",
        inject=_no_redirect,
        must_fail=(REDIRECT,),
        must_pass=(ALIVE, HSTS, LAYOUT),
        quick=True,
    ),
    Fault(
        id="door-without-hsts",
        sentence="The door tells browsers to stay on HTTPS for five minutes, and for Dex not at all.",
        stands_for="a trial value of Strict-Transport-Security that stayed",
        inject=_no_hsts,
        must_fail=(HSTS,),
        must_pass=(ALIVE, REDIRECT),
    ),
    Fault(
        id="door-shows-its-default-certificate",
        sentence="The door shows Traefik's own certificate to whoever asks for an unknown name.",
        stands_for="a TLSOption without sniStrict",
        inject=_default_certificate,
        must_fail=(DEFAULT, f"{UNKNOWN}[door]"),
        must_pass=(ALIVE, f"{TRUSTED}[door]"),
        quick=True,
    ),
    Fault(
        id="door-serves-any-host",
        sentence="The door sends requests for any host to Sentry.",
        stands_for="a route without a host, which a scanner finds by the address alone",
        inject=_any_host,
        must_fail=(UNKNOWN_HOST,),
        must_pass=(ALIVE, DEFAULT),
    ),
    Fault(
        id="sentry-cookies-over-http",
        sentence="Sentry's session cookie goes over plain HTTP and along with requests of other sites.",
        stands_for="settings of a test system that were taken over",
        inject=lambda workshop: workshop.set_sentry(
            "SESSION_COOKIE_SECURE = SESSION_COOKIE_HTTPONLY = False\nSESSION_COOKIE_SAMESITE = None", "sentry-web"
        ),
        must_fail=(COOKIES,),
        must_pass=(ALIVE, HSTS),
    ),
)
