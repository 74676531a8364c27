"""The manifests say what the embedded stack runs: the same links, the same door, the same versions and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes.client import models

from fixtures import kustomize, links
from fixtures.embedded import site
from fixtures.embedded.servers import traefik
from fixtures.errors import BadInput
from fixtures.lint import inventory, loading
from fixtures.lint.catalogue import RULES
from fixtures.lint.lists import EVERYWHERE
from fixtures.lint.model import Rendered, at
from fixtures.lint.rules.apis import NATIVE, native_fields
from fixtures.lint.workloads import COMPONENT
from fixtures.stack import LinkPolicy
from tests.unit.lint.draft import MANIFESTS, sound


def test_links_lead_to_declared_listeners_and_agree_with_them() -> None:
    """A link may be stricter than what its port demands of everybody (ClickHouse's operator has no certificate)."""
    for overlay in EVERYWHERE:
        served = {one.name: one for one in links.listeners(MANIFESTS, overlay)}
        assert len({(one.component, one.port) for one in served.values()}) == len(served)
        found = links.declared(MANIFESTS, overlay)
        assert len(found) > 10
        for link in found:
            assert served[link.listener].component == link.server
            plain = served[link.listener].policy == "plaintext"
            assert plain == (link.policy is LinkPolicy.PLAINTEXT)
            assert served[link.listener].reason == link.reason or not plain


def test_every_port_of_the_embedded_stack_is_declared() -> None:
    assert {one.name for one in links.listeners(MANIFESTS, "embedded")} == set(site.PORTS)


def test_every_certificate_that_is_said_to_be_shown_is_issued() -> None:
    issued = {at(one, "spec.secretName") for one in inventory.certificates(sound("built"))}
    shown = {one.certificate for one in links.listeners(MANIFESTS, "built") if one.certificate}
    assert shown <= issued


def test_plaintext_links_carry_a_reason_and_others_none() -> None:
    for link in sound("built").lists.links.links:
        assert bool(link.reason) == (link.policy == "plaintext")


def _middleware(name: str) -> Any:  # noqa: ANN401  (a document)
    found = sound("operators").find("Middleware", "sentry-system", name)
    assert found is not None
    return found["spec"]


def test_the_door_is_that_of_the_embedded_stack() -> None:
    assert _middleware("body-limit") == {"buffering": {"maxRequestBodyBytes": traefik.BODY_LIMIT}}
    dropped = at(_middleware("no-client-address"), "headers.customRequestHeaders")
    assert dropped == dict.fromkeys(traefik.CLIENT_ADDRESS_HEADERS, "")
    option = sound("operators").find("TLSOption", "sentry-system", "default")
    assert at(option, "spec.cipherSuites") is not None
    assert sorted(at(option, "spec.cipherSuites")) == sorted(traefik.TLS_1_2_CIPHERS)
    relay = sound("operators").find("ServersTransport", "sentry-system", "relay")
    assert at(relay, "spec.forwardingTimeouts.idleConnTimeout") == traefik.RELAY_IDLE


def test_paths_are_split_as_in_the_embedded_stack() -> None:
    """The embedded routes are written for other hosts; nothing else may differ."""
    source = re.sub(r"\s+", " ", (MANIFESTS.parent / "fixtures/embedded/servers/traefik.py").read_text())
    for route in sound("operators").of("IngressRoute"):
        one = at(route, "spec.routes.0")
        for part in re.findall(r"(?:PathPrefix|PathRegexp)\(`[^`]+`\)", one["match"]):
            assert part in source
        names = ", ".join(f'"{entry["name"]}"' for entry in one["middlewares"])
        assert re.search(rf'"{at(route, "metadata.name")}", \[{names}\], priority={one["priority"]}\)', source)


def test_every_rule_is_judged_by_one_check() -> None:
    checks = "".join(path.read_text() for path in (MANIFESTS.parent / "suites" / "manifests").glob("test_*.py"))
    judged = re.findall(r"judge\((\w+)\.(\w+), ", checks)
    assert len(judged) == len(set(judged)) == len(RULES)


def test_ports_of_a_kind_cluster_lead_to_pods_that_listen() -> None:
    access = kustomize.render(MANIFESTS / "overlays" / "kind-access")
    with_access = Rendered(
        overlay="operators",
        layers={**sound("operators").layers, "80-kind-access": access},
        lists=sound("operators").lists,
        values=sound("operators").values,
    )
    ports = {
        port["port"]: port["nodePort"] for one in access if one["kind"] == "Service" for port in one["spec"]["ports"]
    }
    assert ports == {
        443: 30443, 80: 30080, 9094: 30094, 8443: 30843, 1218: 31218, 3000: 30300, 5432: 30432, 6379: 30379,
    }  # fmt: skip
    assert not [found for found in native_fields(with_access) if "kind-" in found.resource]
    opened = {at(one, f"spec.podSelector.matchLabels.{COMPONENT}") or _component(one) for one in _policies(access)}
    assert opened == {"kafka", "clickhouse", "snuba", "relay", "postgres", "valkey"}


def _policies(access: tuple[Any, ...]) -> Iterator[Any]:
    return (one for one in access if one["kind"] == "NetworkPolicy")


def _component(policy: Any) -> str:  # noqa: ANN401  (a document)
    return str(policy["spec"]["podSelector"]["matchLabels"][COMPONENT])


def test_node_ports_select_pods_of_the_platform() -> None:
    access = kustomize.render(MANIFESTS / "overlays" / "kind-access")
    every = inventory.workloads(sound("operators"))
    chosen = {
        one["metadata"]["name"]: list(inventory.selected(one, every)) for one in access if one["kind"] == "Service"
    }
    # Snuba's API has a label of its own only where the chart does not make it.
    assert [name for name, some in chosen.items() if not some] == ["kind-snuba"]


def test_a_kustomization_that_is_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match=r"kustomize refuses it: .*; where: .*; next: ") as refused:
        kustomize.render(MANIFESTS)
    assert "\n" not in str(refused.value)
    with pytest.raises(BadInput, match="the overlay nowhere has no layer"):
        loading.load(MANIFESTS, "nowhere")


def test_every_file_is_part_of_a_kustomization() -> None:
    """A manifest that nothing includes is deployed by nobody."""
    for path in (one for one in MANIFESTS.rglob("*.yaml") if one.parent != MANIFESTS):
        home = next(folder for folder in path.parents if (folder / "kustomization.yaml").is_file())
        named = yaml.safe_load((home / "kustomization.yaml").read_text())
        used = {*named.get("resources", ()), *(one["path"] for one in named.get("patches", ()) if "path" in one)}
        used |= {name for one in named.get("configMapGenerator", ()) for name in one.get("files", ())}
        assert str(path.relative_to(home)) in used | {"kustomization.yaml", "values.yaml"}, path


def test_kinds_of_kubernetes_are_known_by_their_models() -> None:
    """A kind without a model would pass with any field."""
    unknown = [kind for kinds in NATIVE.values() for kind in kinds if not hasattr(models, f"V1{kind}")]
    assert unknown == []
