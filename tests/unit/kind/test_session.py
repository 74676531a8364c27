"""How a session's options become a stack: which provider, and one sentence where it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fixtures.embedded.provider import EmbeddedProvider
from fixtures.errors import BadInput, SetupFailed
from fixtures.kind import bring_up
from fixtures.kind.provider import KindProvider
from fixtures.kind.site import ClusterSite
from fixtures.kind.target import describe, target
from fixtures.kubernetes.provider import ExistingProvider
from fixtures.kubernetes.target import Target
from fixtures.kubernetes.target import load as load_target
from fixtures.providing import PROVIDERS, Asked, provider


def test_each_kind_of_stack_has_its_provider() -> None:
    kinds = {kind: type(provider(Asked(kind=kind, target=Path("t.yaml")))) for kind in PROVIDERS}
    assert kinds == {"embedded": EmbeddedProvider, "kind": KindProvider, "existing": ExistingProvider}


def test_without_an_engine_a_kind_stack_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupFailed, match="a kind cluster cannot run on this machine: docker: missing") as refused:
        KindProvider(Asked(kind="kind")).open()
    assert "\n" not in str(refused.value)


def test_images_of_a_registry_are_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"--images=registry cannot be installed .*use --images=built"):
        bring_up.bring_up("x", kept=False, origin="registry")


def test_a_cluster_that_is_not_there_cannot_be_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_CONFORMANCE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="no kind cluster sentry-kept is ready here; next: make kind-up"):
        KindProvider(Asked(kind="kind", join="")).open()


def test_a_target_that_is_wrong_ends_the_run_with_its_field(tmp_path: Path) -> None:
    file = tmp_path / "target.yaml"
    file.write_text("version: 1\nname: x\nnamespace: y\ndoor: {}\nsentry: {}\n")
    with pytest.raises(BadInput, match=r"target field door\.sentry_url: is missing"):
        ExistingProvider(Asked(kind="existing", target=file)).open()


def test_a_kind_clusters_target_is_one_that_a_file_may_hold(tmp_path: Path) -> None:
    place = ClusterSite(name="x", kept=True, address="127.0.83.4")
    file = tmp_path / "target.yaml"
    file.write_text(yaml.safe_dump(describe(place)))
    written: Target = load_target(file)
    assert written == target(place)
    assert written.kafka is not None
    assert written.kafka.bootstrap == "127.0.83.4:9094"
