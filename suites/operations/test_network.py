"""Inside of the cluster only the declared links are open, and nothing leads out of it: as written, and as pods see."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from fixtures.cluster.platform import Platform
from fixtures.cluster_bench import Judge
from fixtures.evidence import Recorder
from fixtures.kubernetes.findings import live, paths
from fixtures.kubernetes.findings.paths import CONNECTED, OUTSIDE, Answer
from fixtures.lint.model import Finding, Rendered
from fixtures.lint.rules import exposure, network
from fixtures.verdicts import not_applicable, unknown

COLUMNS = ("client", "server", "port", "tried", "end")
LABELLED = "probes carry the labels of components, which other checks count and Services select"
Tell = Callable[[Iterable[Finding]], None]


@pytest.fixture
def policies(platform: Platform) -> Rendered:
    """NetworkPolicies of the platform, and the pods that stay."""
    return live.lasting(platform.live("Pod", "NetworkPolicy", namespaces=platform.everywhere))


@pytest.mark.requirement("OPS-010")
def test_policies_let_the_declared_links_through(policies: Rendered, judge_live: Judge) -> None:
    """The policies in the cluster let every declared link through, between all pods of its two sides."""
    judge_live(network.links_open, policies)


@pytest.mark.requirement("OPS-010")
def test_policies_let_nothing_else_through(policies: Rendered, judge_live: Judge) -> None:
    """The policies in the cluster let nothing but the declared links through, and deny everything by default."""
    judge_live(network.default_deny, policies)
    judge_live(network.links_only, policies)


@pytest.mark.requirement("OPS-010")
def test_every_port_is_declared(platform: Platform, judge_live: Judge) -> None:
    """Every port that a pod opens is a declared link, or listed with the reason why."""
    judge_live(exposure.declared_ports, platform.live("Pod", namespaces=platform.around))


@pytest.mark.requirement("OPS-007")
def test_no_policy_leads_outside(policies: Rendered, judge_live: Judge) -> None:
    """No policy in the cluster lets a pod out to addresses beyond the site."""
    judge_live(paths.no_way_out, policies)


@pytest.mark.requirement("OPS-010")
@pytest.mark.alone(reason=LABELLED)
def test_declared_links_connect(
    platform: Platform, answers: tuple[Answer, ...], record: Recorder, tell_all: Tell
) -> None:
    """Seen from inside of a pod of each client, every port of every declared link takes a connection."""
    record.grid("connections", COLUMNS, [row for row in paths.table(answers) if row[-1] == CONNECTED])
    declared = {(one.client, one.server, one.port) for one in platform.declared}
    tried = {(one.client, one.target.server, one.target.port) for one in answers}
    untried = sorted(f"{client} to {server}:{port}" for client, server, port in declared - tried)
    record.grid("declared links that could not be tried", ("link",), [(one,) for one in untried])
    if not declared & tried:
        unknown("no declared link could be tried")
    tell_all(paths.shut(answers, platform.declared))


@pytest.mark.requirement("OPS-010", "STO-008")
@pytest.mark.alone(reason=LABELLED)
def test_nothing_else_connects(
    platform: Platform, answers: tuple[Answer, ...], record: Recorder, tell_all: Tell
) -> None:
    """Seen from inside of a pod of each component, and of pods that nobody knows, no other port takes a connection."""
    refused = [row for row in paths.table(answers) if row[-1] != CONNECTED]
    record.grid("no connection", COLUMNS, refused)
    record.figure("paths tried", len(answers), "paths")
    record.figure("of these open", len(answers) - len(refused), "paths")
    tell_all(paths.unlinked(answers, platform.declared, platform.namespace))


@pytest.mark.requirement("OPS-007")
@pytest.mark.alone(reason=LABELLED)
def test_no_pod_gets_outside(platform: Platform, answers: tuple[Answer, ...], record: Recorder, tell_all: Tell) -> None:
    """Seen from inside of a pod of each component, a listener outside of the cluster is out of reach."""
    tries = [one for one in answers if one.target.server == OUTSIDE]
    record.grid("tries", COLUMNS, paths.table(tries))
    reached = {one.target for one in paths.free(tries, platform.namespace)}
    if not reached:
        not_applicable("no pod of this cluster can reach this machine, which would be the listener outside of it")
    tell_all(paths.leaving([one for one in tries if one.target in reached], platform.namespace))
