"""Faults of the public door: routes, headers and middlewares in Traefik's written configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.detection.fault import Fault
from tests.detection.faults.names import ALIVE, JOURNEY, LAYOUT, MANY, PREFLIGHT, REFUSES, TABLE, TAKES, each
from tests.detection.workshop import Workshop

ROUTES = "traefik/routes.yml"


def _routes(change: Callable[[Any], None]) -> Callable[[Workshop], None]:
    def inject(workshop: Workshop) -> None:
        workshop.edit(ROUTES, lambda document: change(document["http"]))
        workshop.restart("traefik")

    return inject


def _through(middleware: dict[str, Any], *, router: str = "relay") -> Callable[[Workshop], None]:
    """Put one more middleware before a router's service."""

    def change(http: Any) -> None:  # noqa: ANN401 - YAML
        http["middlewares"]["seeded"] = middleware
        http["routers"][router]["middlewares"].append("seeded")

    return _routes(change)


def _page(status: str) -> dict[str, Any]:
    """Answers of this status become a page with 200."""
    return {
        "errors": {"status": [status], "statusRewrites": {status: 200}, "service": "sentry-web", "query": "/_health/"}
    }


def _narrow(http: Any) -> None:  # noqa: ANN401 - YAML
    http["routers"]["relay"]["rule"] = (
        "Host(`sentry.localhost`) && (PathPrefix(`/api/store`) || PathRegexp(`^/api/[1-9][0-9]*/(store|envelope)/`))"
    )


def _show_probes(http: Any) -> None:  # noqa: ANN401 - YAML
    rule = "Host(`sentry.localhost`) && PathPrefix(`/api/relay/`)"
    http["routers"]["seeded"] = {**http["routers"]["relay"], "rule": rule, "priority": 200}


def _vouch(workshop: Workshop) -> None:
    headers = {"headers": {"customRequestHeaders": {"Authorization": f"Bearer {workshop.stack.sentry.token}"}}}
    (workshop.root / ROUTES).chmod(0o600)  # it holds the token for a while
    _through(headers, router="sentry-web")(workshop)


FAULTS = (
    Fault(
        id="door-hides-refusals",
        sentence="The door replaces every refusal by a friendly page with status 200.",
        stands_for="an error-pages middleware in front of the ingress that rewrites the status",
        inject=_through(_page("400-499")),
        must_fail=(
            REFUSES,
            "test_door_refuses.py::test_an_unknown_key_is_taken_once_then_refused",
            "test_door_refuses.py::test_a_key_of_another_project_is_refused",
            "test_door_refuses.py::test_a_disabled_key_is_refused",
        ),
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="door-hides-answers",
        sentence="The door replaces Relay's good answers by a page of its own, so that no SDK gets an id.",
        stands_for="a CDN or maintenance page that answers for the service behind it",
        inject=_through(_page("200-299")),
        must_fail=(
            TAKES,
            "test_door_accepts.py::test_the_answer_is_small_and_never_compressed",
            "test_door_accepts.py::test_an_envelope_without_a_known_item_is_taken_and_leaves_nothing",
            ALIVE,
        ),
        may_fail=(LAYOUT,),
        must_pass=(TABLE, *each(REFUSES, "envelope without a key")),
    ),
    Fault(
        id="door-compresses",
        sentence="The door compresses Relay's answers, however small.",
        stands_for="a compress middleware on the whole entry point; old SDKs cannot read the id",
        inject=_through({"compress": {"minResponseBodyBytes": 1}}),
        must_fail=("test_door_accepts.py::test_the_answer_is_small_and_never_compressed",),
        must_pass=(LAYOUT, ALIVE),
    ),
    Fault(
        id="door-loses-routes",
        sentence="The door sends only store and envelope requests to Relay, everything else to Sentry's web.",
        stands_for="an ingress rewritten by hand without the paths for security reports, check-ins and health",
        inject=_routes(_narrow),
        must_fail=(
            "test_item_types.py::test_a_security_report_becomes_an_event",
            "test_item_types.py::test_a_check_in_reaches_its_topic[cron endpoint]",
            *each(REFUSES, "security report of another type", "attachment to a bad event id"),
            *each(REFUSES, "minidump that is none"),
            ALIVE,
        ),
        must_pass=(LAYOUT, JOURNEY),
    ),
    Fault(
        id="door-shows-probes",
        sentence="The door lets everybody ask Relay's probes for Kubernetes.",
        stands_for="an ingress that routes all of /api/ to Relay",
        inject=_routes(_show_probes),
        must_fail=("test_cors_and_health.py::test_relay_probes_are_not_public",),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="door-answers-preflights",
        sentence="The door answers browsers' preflights itself, with fewer methods and headers than Relay allows.",
        stands_for="CORS configured in the ingress as well as in the service",
        inject=_through(
            {
                "headers": {
                    "accessControlAllowMethods": ["GET"],
                    "accessControlAllowOriginList": ["*"],
                    "accessControlMaxAge": 100,
                }
            }
        ),
        must_fail=(PREFLIGHT,),
        may_fail=("test_cors_and_health.py::test_a_browser_may_read_the_answer",),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="door-strips-headers",
        sentence="The door removes the list of headers that a browser's SDK may read.",
        stands_for="a security-headers middleware that overwrites CORS headers; browsers then ignore rate limits",
        inject=_through({"headers": {"customResponseHeaders": {"Access-Control-Expose-Headers": ""}}}),
        must_fail=("test_cors_and_health.py::test_a_browser_may_read_the_answer",),
        must_pass=(PREFLIGHT, LAYOUT),
        quick=True,
    ),
    Fault(
        id="door-throttles",
        sentence="The door refuses bursts of more than twenty requests.",
        stands_for="a rate limit meant for the web pages that also covers ingestion",
        inject=_through({"rateLimit": {"average": 5, "burst": 20}}),
        must_fail=(MANY,),
        must_pass=(ALIVE, LAYOUT),
    ),
    Fault(
        id="door-vouches-for-anybody",
        sentence="The door adds a valid token to every request to the web API.",
        stands_for="an authenticating proxy in front that signs in whoever comes",
        inject=_vouch,
        must_fail=("test_isolation.py::test_reading_needs_a_token",),
        must_pass=(ALIVE, "test_isolation.py::test_an_event_is_not_found_in_another_project"),
    ),
)
