"""What browsers and load balancers ask of the door: CORS, allowed origins and health checks."""

from __future__ import annotations

import json

import pytest
import requests

from fixtures.clients.door import Answer, Request, envelope_path, store_path
from fixtures.clients.envelope import event_envelope, new_event_id
from fixtures.clients.sentry_api import ProjectRef
from fixtures.ingestion import Bench
from fixtures.stack import Capability
from fixtures.timeouts import LIMITS
from fixtures.verdicts import require
from fixtures.waiting import Reached, wait_for

ORIGIN = "https://shop.example.test"
ALLOWED_HEADERS = {
    "x-sentry-auth",
    "x-requested-with",
    "x-forwarded-for",
    "origin",
    "referer",
    "accept",
    "content-type",
    "authentication",
    "authorization",
    "content-encoding",
    "transfer-encoding",
}
EXPOSED_HEADERS = {"x-sentry-error", "x-sentry-rate-limits", "retry-after"}


def _set(answer: Answer, header: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers.get(header, "").split(",") if part.strip()}


@pytest.mark.requirement("ING-017")
@pytest.mark.parametrize("path", [envelope_path, store_path], ids=["envelope", "store"])
def test_a_preflight_is_answered(bench: Bench, shared_project: ProjectRef, path: object) -> None:
    """A browser's preflight is answered 200 with the methods and headers of Relay's contract."""
    assert callable(path)
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-sentry-auth",
    }
    answer = bench.door.send(Request(path=path(shared_project.id), method="OPTIONS", headers=headers))
    assert answer.status == 200, str(answer)
    assert _set(answer, "Access-Control-Allow-Origin") == {"*"}
    assert _set(answer, "Access-Control-Allow-Methods") == {"post"}
    assert _set(answer, "Access-Control-Allow-Headers") == ALLOWED_HEADERS
    assert answer.headers["Access-Control-Max-Age"] == "3600"


@pytest.mark.requirement("ING-017")
def test_a_browser_may_read_the_answer(bench: Bench, shared_project: ProjectRef) -> None:
    """Answers to other origins, refusals too, expose the headers that SDKs need and may be read across origins."""
    body = event_envelope(new_event_id(), {"message": "from a browser"})
    good = Request(
        path=envelope_path(shared_project.id), body=body, key=shared_project.key.public, headers={"Origin": ORIGIN}
    )
    bad = Request(path=envelope_path(shared_project.id), body=body, headers={"Origin": ORIGIN})
    for request, status in ((good, 200), (bad, 401)):
        answer = bench.door.send(request)
        assert answer.status == status, str(answer)
        assert _set(answer, "Access-Control-Allow-Origin") == {"*"}
        assert _set(answer, "Access-Control-Expose-Headers") == EXPOSED_HEADERS
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.requirement("ING-003", "ING-017")
def test_only_allowed_origins_may_send(bench: Bench, project: ProjectRef) -> None:
    """With a list of allowed domains another origin is refused with 403, a listed one and none at all are taken."""
    bench.api.update_project(project.slug, allowedDomains=["shop.example.test"])
    bench.marker(project)

    def send(origin: str) -> Answer:
        headers = {"Origin": origin} if origin else {}
        body = event_envelope(new_event_id(), {"message": "from somewhere"})
        return bench.door.send(
            Request(path=envelope_path(project.id), body=body, key=project.key.public, headers=headers)
        )

    def refused() -> Reached[Answer] | str:
        answer = send("https://evil.example.test")
        return Reached(answer) if answer.status == 403 else str(answer)

    answer = wait_for("another origin to be refused", refused, timeout=LIMITS.config_propagation, interval=0.1)
    assert answer.detail == "event submission rejected with_reason: Cors"
    assert [send(origin).status for origin in (ORIGIN, "")] == [200, 200]


@pytest.mark.requirement("ING-017")
def test_relay_is_alive_through_the_door(bench: Bench) -> None:
    """Relay's liveness can be asked through the door, and it names its version."""
    answer = bench.door.send(Request(path="/api/0/relays/live/", method="GET"))
    assert (answer.status, answer.json) == (200, {"is_healthy": True})
    # Sentry's web answers this path with the same words: only the header tells that Relay was asked.
    assert answer.headers.get("Server", "").startswith("sentry-relay/")


@pytest.mark.requirement("ING-017")
@pytest.mark.parametrize("probe", ["live", "ready"])
def test_relay_answers_its_probes(bench: Bench, probe: str) -> None:
    """Relay itself answers the probes that Kubernetes asks, and says that it is healthy."""
    require(bench.stack, Capability.RELAY_DIRECT)
    url = f"{bench.stack.relay_url}/api/relay/healthcheck/{probe}/"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=LIMITS.http)
    assert (answer.status_code, json.loads(answer.text)) == (200, {"is_healthy": True})
    assert answer.headers["server"].startswith("sentry-relay/")


@pytest.mark.requirement("ING-017")
def test_relay_probes_are_not_public(bench: Bench) -> None:
    """The probes for Kubernetes are not answered by Relay through the public door."""
    answer = bench.door.send(Request(path="/api/relay/healthcheck/ready/", method="GET"))
    assert not answer.headers.get("Server", "").startswith("sentry-relay/"), dict(answer.headers)
    assert answer.json != {"is_healthy": True}


@pytest.mark.requirement("ING-017")
def test_sentry_and_snuba_are_healthy(bench: Bench) -> None:
    """Sentry's web answers its health check through the door, and Snuba its own."""
    answer = bench.door.send(Request(path="/_health/", method="GET"))
    assert (answer.status, answer.text.strip()) == (200, "ok")
    assert bench.snuba.healthy()
