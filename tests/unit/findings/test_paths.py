"""What probes try, and what their answers mean."""

from __future__ import annotations

from fixtures.kubernetes.findings import paths
from fixtures.kubernetes.findings.paths import CONNECTED, NOBODY, STRANGER, Answer, Target
from fixtures.lint.lists import DeclaredLink
from tests.unit.findings.samples import NAMESPACE, Body, Look, named, pod

LINK = DeclaredLink(client="sentry-web", server="postgres", port=5432, policy="mtls")
DB = Target(
    server="postgres", namespace=NAMESPACE, port=5432, name="Service db:5432", host="db.sentry-system.svc", dial=5432
)
STATUS = Target(server="postgres", namespace=NAMESPACE, port=8000, name="Pod db:8000", host="10.244.0.7", dial=8000)
(OUT,) = paths.outside(["172.18.0.1"], 4321)
REFUSED, SILENT = "refused", "silent"


def answer(client: str, target: Target, word: str, namespace: str = NAMESPACE) -> Answer:
    return Answer(client=client, namespace=namespace, target=target, word=word)


def service(name: str, **spec: object) -> Body:
    return named("v1", "Service", name, spec=spec)


def test_every_port_of_services_and_pods_is_tried_under_its_name() -> None:
    look = Look()
    look.add(service("db", selector={"app": "db"}, ports=[{"port": 15432, "targetPort": 5432}]))
    look.add(service("db-dns", selector={"app": "db"}, ports=[{"port": 53, "targetPort": 53, "protocol": "UDP"}]))
    look.add(service("empty", selector={"app": "none"}, ports=[{"port": 1}]))
    look.add(service("by-hand", ports=[{"port": 2}]))
    found = [(one.server, one.port, one.host, one.dial) for one in paths.targets(look.rendered())]
    assert found == [
        ("postgres", 5432, "10.244.0.7", 5432),
        ("postgres", 5432, "db.sentry-system.svc", 15432),
        ("sentry-web", 9000, "10.244.0.7", 9000),
        ("sentry-web", 9000, "web.sentry-system.svc", 80),
    ]


def test_pods_that_ended_or_share_the_nodes_network_are_no_targets() -> None:
    look = Look()
    look.one("Pod", "web")["status"]["phase"] = "Succeeded"
    look.one("Pod", "db")["spec"]["hostNetwork"] = True
    look.add(pod("made", "dex", port=5554, labels={"conformance.sentry/made-by": "suite"}))
    assert paths.targets(look.rendered()) == ()


def test_a_declared_link_that_is_shut_is_found() -> None:
    answers = [answer("sentry-web", DB, REFUSED), answer("sentry-web", STATUS, REFUSED), answer(NOBODY, DB, SILENT)]
    (found,) = paths.shut(answers, [LINK])
    assert (found.resource, found.sentence) == ("sentry-web", "it cannot reach Service db:5432 of postgres: refused")
    assert list(paths.shut([answer("sentry-web", DB, CONNECTED)], [LINK])) == []


def test_a_path_that_no_link_declares_is_found() -> None:
    answers = [
        answer("sentry-web", DB, CONNECTED),
        answer("sentry-web", STATUS, CONNECTED),
        answer(NOBODY, DB, CONNECTED),
    ]
    found = list(paths.unlinked(answers, [LINK], NAMESPACE))
    assert [(one.resource, one.sentence.partition(",")[0]) for one in found] == [
        ("sentry-web", "it reaches Pod db:8000 of postgres"),
        (NOBODY, "it reaches Service db:5432 of postgres"),
    ]
    assert list(paths.unlinked([answer("sentry-web", OUT, CONNECTED)], [LINK], NAMESPACE)) == []


def test_paths_between_other_namespaces_are_no_business_of_the_platform() -> None:
    far = Target(
        server="object-store", namespace="object-store", port=9000, name="Service s3:9000", host="s3", dial=9000
    )
    elsewhere = [answer(STRANGER, far, CONNECTED, "traefik")]
    assert list(paths.unlinked(elsewhere, [LINK], NAMESPACE)) == []
    (into,) = paths.unlinked([answer(STRANGER, DB, CONNECTED, "traefik")], [LINK], NAMESPACE)
    (out,) = paths.unlinked([answer("dex", far, CONNECTED)], [LINK], NAMESPACE)
    assert (into.resource, out.resource) == (STRANGER, "dex")


def test_whoever_gets_outside_is_found() -> None:
    tries = [answer("dex", OUT, CONNECTED), answer("relay", OUT, REFUSED), answer("traefik", OUT, CONNECTED, "traefik")]
    found = list(paths.leaving(tries, NAMESPACE))
    assert [(one.resource, one.sentence) for one in found] == [
        ("dex", "it reaches a listener at 172.18.0.1, outside of the cluster")
    ]


def test_only_a_pod_elsewhere_proves_that_outside_can_be_reached() -> None:
    tries = [
        answer("dex", OUT, CONNECTED),
        answer(STRANGER, OUT, SILENT, "traefik"),
        answer(STRANGER, DB, CONNECTED, "x"),
    ]
    assert paths.free(tries, NAMESPACE) == ()
    reached = answer(STRANGER, OUT, CONNECTED, "traefik")
    assert paths.free([*tries, reached], NAMESPACE) == (reached,)


def test_the_table_has_a_line_a_try() -> None:
    assert paths.table([answer("dex", DB, SILENT)]) == [("dex", "postgres", 5432, "Service db:5432", "silent")]
