"""Every rule about a cluster is proven to notice: a fault is seeded into a sound look, and its rule alone finds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fixtures.kubernetes.findings import certificates, gitops, health, images, paths, stores, usage
from fixtures.lint.lists import Image
from fixtures.lint.model import Finding, Rule
from tests.unit.findings.samples import (
    LISTS,
    Body,
    Look,
    chain,
    named,
    owned,
    peer,
    pod,
    policy,
    secret,
)

MODULES = (certificates, gitops, health, images, paths, stores, usage)
RULES = {one.id: one for module in MODULES for one in vars(module).values() if isinstance(one, Rule)}
DIGEST = "sha256:" + "b" * 64


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A change to the sound look that one rule must notice; ``also`` are others that rightly do."""

    rule: str
    name: str
    seed: Callable[[Look], object]
    also: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.rule}: {self.name}"


def _condition(status: str, reason: str) -> Body:
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason}]}


def _job(look: Look, *, completed: bool) -> None:
    """A pod that failed, of a Job of which another pod may have completed."""
    status = {"conditions": [{"type": "Complete", "status": "True"}]} if completed else {"failed": 1}
    look.add(named("batch/v1", "Job", "seed", status=status, metadata={"ownerReferences": owned("CronJob", "x")}))
    failed = pod("seed", "sentry-worker", ownerReferences=owned("Job", "seed"))
    failed["status"] |= {"phase": "Failed", "qosClass": "BestEffort", "conditions": []}
    look.add(failed)


def _sidecar(look: Look, **more: object) -> None:
    body = {"name": "side", "image": look.container("db")["image"], "restartPolicy": "Always", **more}
    look.one("Pod", "db")["spec"]["initContainers"] = [body]


def _gone(look: Look) -> None:
    look.one("Deployment", "web")["spec"]["replicas"] = 0


def _bundled(look: Look, **labels: str) -> None:
    counted = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
    metadata = {"labels": labels, "ownerReferences": [{"kind": "X", "name": "x"}]}
    status = {"observedGeneration": 1, **counted}
    look.add(named("apps/v1", "StatefulSet", "sentry-kafka", metadata=metadata, spec={"replicas": 1}, status=status))


HEALTH = (
    Fault(rule="all-ready", name="a workload that is scaled to 0", seed=_gone),
    Fault(
        rule="all-ready",
        name="a status about an older specification",
        seed=lambda k: k.one("Deployment", "web")["metadata"].update(generation=2),
    ),
    Fault(
        rule="all-ready",
        name="an application that is out of sync",
        seed=lambda k: k.one("Application", "platform")["status"]["sync"].update(status="OutOfSync"),
    ),
    Fault(
        rule="pods-run",
        name="a pod that is not ready",
        seed=lambda k: k.one("Pod", "web")["status"].update(_condition("False", "ContainersNotReady")),
        also=frozenset({"all-ready"}),
    ),
    Fault(
        rule="pods-run",
        name="a failed pod of a Job that never completed",
        seed=lambda k: _job(k, completed=False),
        also=frozenset({"all-ready"}),
    ),
    Fault(rule="no-restarts", name="a restart", seed=lambda k: k.status("web").update(restartCount=1)),
    Fault(
        rule="no-restarts",
        name="a restart of a sidecar",
        seed=lambda k: k.one("Pod", "db")["status"].update(initContainerStatuses=[{"name": "s", "restartCount": 2}]),
    ),
    Fault(
        rule="no-memory-kills",
        name="a kill for memory, before the last start",
        seed=lambda k: k.status("web").update(lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}}),
    ),
    Fault(
        rule="no-memory-kills",
        name="a kill for memory that is not over",
        seed=lambda k: k.status("web").update(state={"terminated": {"reason": "OOMKilled", "exitCode": 137}}),
    ),
    Fault(rule="probed", name="no readiness probe", seed=lambda k: k.container("web").pop("readinessProbe")),
    Fault(rule="probed", name="no liveness probe", seed=lambda k: k.container("db").pop("livenessProbe")),
    Fault(rule="probed", name="a sidecar without", seed=lambda k: _sidecar(k, ports=[{"containerPort": 1}])),
    Fault(
        rule="never-best-effort",
        name="the class that is evicted first",
        seed=lambda k: k.one("Pod", "web")["status"].update(qosClass="BestEffort"),
    ),
)
IMAGES = (
    Fault(
        rule="one-content",
        name="two contents behind a tag",
        seed=lambda k: k.add(_twin(k, image_id=f"x@{DIGEST}")),
    ),
    Fault(
        rule="one-version",
        name="two versions of an image",
        seed=lambda k: k.add(_twin(k, image="conformance.local/sentry:23.7.2")),
    ),
    Fault(
        rule="one-version",
        name="a service of another release",
        seed=lambda k: k.container("web").update(image="ghcr.io/getsentry/sentry:26.7.0"),
    ),
    Fault(
        rule="operators-pinned",
        name="an operator of another version",
        seed=lambda k: k.container("argo").update(image="quay.io/argoproj/argocd:v3.5.3"),
    ),
)
CERTIFICATES = (
    Fault(
        rule="certificates-current",
        name="one that was not issued",
        seed=lambda k: k.one("Certificate", "web").update(status=_condition("False", "DoesNotExist")),
        also=frozenset({"all-ready"}),
    ),
    Fault(
        rule="certificates-current",
        name="one that has ended",
        seed=lambda k: k.one("Certificate", "web")["status"].update(notAfter="2026-01-01T00:00:00Z"),
    ),
    Fault(
        rule="certificates-current",
        name="one whose renewal is overdue",
        seed=lambda k: k.one("Certificate", "web")["status"].update(renewalTime="2026-01-01T00:00:00Z"),
    ),
    Fault(
        rule="certificates-current",
        name="one without a revision",
        seed=lambda k: k.one("Certificate", "web")["status"].pop("revision"),
    ),
    Fault(
        rule="issuers-ready",
        name="an issuer without its secret",
        seed=lambda k: k.one("Issuer", "ca").update(status=_condition("False", "GetKeyPairFailed")),
        also=frozenset({"all-ready"}),
    ),
    Fault(rule="secret-shapes", name="another type", seed=lambda k: k.one("Secret", "web-tls").update(type="Opaque")),
    Fault(rule="secret-shapes", name="no ca.crt", seed=lambda k: k.one("Secret", "web-tls")["data"].pop("ca.crt")),
    Fault(
        rule="secret-shapes",
        name="the key of another",
        seed=lambda k: k.one("Secret", "web-tls")["data"].update({"tls.key": chain()[1]["tls.key"]}),
    ),
    Fault(
        rule="secret-shapes",
        name="a chain that ends elsewhere",
        seed=lambda k: k.one("Secret", "web-tls")["data"].update({"ca.crt": chain()[1]["tls.crt"]}),
    ),
    Fault(
        rule="secret-shapes",
        name="a leaf as its own authority",
        seed=lambda k: k.one("Secret", "web-tls")["data"].update({"ca.crt": chain()[0]["tls.crt"]}),
    ),
    Fault(
        rule="secret-shapes",
        name="something else than PEM",
        seed=lambda k: k.one("Secret", "web-tls")["data"].update({"tls.crt": "AAAA"}),
    ),
    Fault(
        rule="certificates-at-home",
        name="a secret that no Certificate writes",
        seed=lambda k: k.one("Pod", "web")["spec"]["volumes"][0]["secret"].update(secretName="other-tls"),
    ),
    Fault(
        rule="certificates-at-home",
        name="a key of such a secret",
        seed=lambda k: k.container("web").update(env=[_variable("copied", "tls.crt")]),
    ),
    Fault(
        rule="no-copies",
        name="a secret that a program copies",
        seed=lambda k: k.one("Secret", "web-tls")["metadata"].update(
            annotations={"replicator.v1.mittwald.de/replicate-from": "cert-manager/internal-ca-tls"}
        ),
    ),
)
STORES = (
    Fault(
        rule="no-bundled-store",
        name="Kafka of Sentry's chart, by its chart's label",
        seed=lambda k: _bundled(k, **{"helm.sh/chart": "kafka-29.3.14"}),
    ),
    Fault(
        rule="no-bundled-store",
        name="a broker that Helm has installed",
        seed=lambda k: _bundled(k, **{"app.kubernetes.io/managed-by": "Helm", "app": "rabbitmq"}),
    ),
    Fault(rule="stores-serve-sentry", name="everybody", seed=lambda k: _let_in(k, {})),
    Fault(rule="stores-serve-sentry", name="every pod", seed=lambda k: _let_in(k, {"from": [{"podSelector": {}}]})),
    Fault(
        rule="stores-serve-sentry",
        name="every namespace",
        seed=lambda k: _let_in(k, {"from": [{"namespaceSelector": {}}]}),
    ),
    Fault(
        rule="stores-serve-sentry",
        name="all of the door's namespace",
        seed=lambda k: _let_in(k, {"from": [_namespace("traefik")]}),
    ),
)
REST = (
    Fault(
        rule="no-way-out",
        name="a rule without peers",
        seed=lambda k: k.add(_kept(policy("p", "postgres", egress=[{"ports": [{"port": 443}]}]))),
    ),
    Fault(
        rule="no-way-out",
        name="a block of everything",
        seed=lambda k: k.add(_kept(policy("p", "dex", egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]))),
    ),
    Fault(
        rule="all-from-git",
        name="a workload by hand",
        seed=lambda k: k.add(pod("tool", "sentry-worker")),
    ),
    Fault(
        rule="all-from-git",
        name="a Certificate by hand",
        seed=lambda k: k.one("Application", "platform")["status"]["resources"].pop(1),
    ),
    Fault(
        rule="fits-one-node",
        name="more than the node has",
        seed=lambda k: k.container("web").update(resources={"requests": {"cpu": "13", "memory": "1Gi"}}),
    ),
    Fault(
        rule="fits-one-node",
        name="a pod that no node takes",
        seed=lambda k: k.one("Pod", "web")["spec"].pop("nodeName"),
    ),
    Fault(
        rule="volumes-bound",
        name="a claim that nobody uses",
        seed=lambda k: k.one("Pod", "web")["spec"]["volumes"].pop(1),
    ),
    Fault(
        rule="volumes-bound",
        name="a claim that waits",
        seed=lambda k: k.one("PersistentVolumeClaim", "data")["status"].update(phase="Pending"),
        also=frozenset({"all-ready"}),
    ),
)
FAULTS = (*HEALTH, *IMAGES, *CERTIFICATES, *STORES, *REST)


def _twin(look: Look, *, image: str = "", image_id: str = "") -> Body:
    """Another pod of the web, as Argo CD made it."""
    made = pod("twin", "sentry-web", image=image or look.container("web")["image"])
    made["metadata"]["ownerReferences"] = owned("ReplicaSet", "web", "apps/v1")
    if image_id:
        made["status"]["containerStatuses"][0]["imageID"] = image_id
    return made


def _variable(name: str, key: str) -> Body:
    return {"name": "V", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _let_in(look: Look, rule: Body) -> None:
    look.add(_kept(policy("open", "postgres", ingress=[rule])))


def _kept(document: Body) -> Body:
    """So that the rule about Git has nothing to say."""
    document["metadata"]["ownerReferences"] = [{"kind": "X", "name": "x"}]
    return document


def _namespace(name: str) -> Body:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _findings(look: Look) -> set[Finding]:
    seen = look.rendered()
    return {found for rule in RULES.values() for found in rule(seen)}


def test_a_sound_platform_has_no_finding() -> None:
    assert _findings(Look()) == set()


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_noticed_by_its_rule_alone(fault: Fault) -> None:
    look = Look()
    fault.seed(look)
    found = _findings(look)
    assert {one.rule for one in found} == {fault.rule, *fault.also}, "\n".join(map(str, found))
    assert all(one.sentence and one.next_step for one in found)


def test_a_digest_that_is_pinned_must_be_what_runs() -> None:
    look = Look()
    pinned = {"name": "ghcr.io/x/store", "tag": "1.2.3", "digest": DIGEST}
    versions = LISTS.versions.model_copy(update={"images": (Image.model_validate(pinned),)})
    look.container("db")["image"] = "ghcr.io/x/store:1.2.3"
    pinning = LISTS.model_copy(update={"versions": versions})
    (found,) = images.pinned_digests(dataclasses.replace(look.rendered(), lists=pinning))
    assert "pinned is sha256:bbbb" in found.sentence
    look.status("db")["imageID"] = f"ghcr.io/x/store@{DIGEST}"
    assert images.pinned_digests(dataclasses.replace(look.rendered(), lists=pinning)) == ()


def test_every_rule_has_a_fault() -> None:
    """The one about digests has a test of its own: no digest is pinned yet."""
    assert set(RULES) - {fault.rule for fault in FAULTS} == {"pinned-digests"}


def test_a_job_that_came_to_its_end_at_the_second_try_is_whole() -> None:
    look = Look()
    _job(look, completed=True)
    assert health.pods_run(look.rendered()) == ()


def test_what_the_suite_has_made_is_nobodys_finding() -> None:
    look = Look()
    probe = pod("probe", "sentry-web", labels={"conformance.sentry/made-by": "suite"})
    probe["status"] |= {"phase": "Failed", "qosClass": "BestEffort"}
    look.add(probe)
    assert _findings(look) == set()


def test_secrets_that_no_certificate_writes_have_no_shape() -> None:
    look = Look()
    look.add(_kept(secret("password", {"password": "eA=="})))
    assert certificates.secret_shapes(look.rendered()) == ()


def test_operators_of_a_store_may_come_in_whole_and_named_pods_of_the_door_too() -> None:
    look = Look()
    _let_in(look, {"from": [_namespace("cnpg-system"), {**_namespace("traefik"), **peer("traefik")}]})
    _let_in(look, {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"]}}]})
    assert stores.stores_serve_sentry(look.rendered()) == ()


def test_private_networks_are_no_way_out() -> None:
    look = Look()
    blocks = [{"ipBlock": {"cidr": block}} for block in ("10.96.0.1/32", "172.16.0.0/12", "fd00::/8")]
    look.add(_kept(policy("api", "postgres", egress=[{"to": blocks, "ports": [{"port": 6443}]}])))
    assert paths.no_way_out(look.rendered()) == ()


def test_what_an_operator_owns_needs_no_application() -> None:
    look = Look()
    look.add(named("v1", "Service", "db-rw", metadata={"ownerReferences": owned("Cluster", "db", "p/v1")}))
    assert gitops.all_from_git(look.rendered()) == ()
