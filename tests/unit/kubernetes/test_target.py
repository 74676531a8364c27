"""A target file is read as documented, or refused in one sentence that names the field and never a secret."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.errors import BadInput
from fixtures.kubernetes import target
from fixtures.stack import Provenance

DOCS = Path(__file__).parents[3] / "docs"
SMALL: dict[str, Any] = {
    "version": 1,
    "name": "p",
    "namespace": "n",
    "door": {"sentry_url": "https://sentry.test/", "dex_url": "https://dex.test/dex"},
    "sentry": {"organization": "o", "team": "t", "token": {"env": "T"}},
}
INLINE = "sntryu_inline_and_thus_refused"


def _load(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> target.Target:
    content = copy.deepcopy(SMALL)
    change(content)
    path = folder / "target.yaml"
    path.write_text(yaml.safe_dump(content))
    return target.load(path)


def test_the_smallest_target_leaves_everything_else_out(tmp_path: Path) -> None:
    found = _load(tmp_path)
    assert (found.door.sentry_url, found.door.http_port) == ("https://sentry.test", 80)
    assert (found.kafka, found.clickhouse, found.snuba, found.relay, found.users) == (None, None, None, None, ())
    assert found.namespace_of("kafka") == "n"
    assert found.resource_of("kafka") is None


def test_the_documented_example_is_a_target() -> None:
    found = target.load(DOCS / "example-target.yaml")
    assert set(found.model_fields_set) == set(target.Target.model_fields), "the example shows every field"
    assert found.components["clickhouse"].provenance is Provenance.REAL
    kafka = found.resource_of("kafka")
    assert kafka is not None
    assert str(kafka) == "Kafka sentry-system/sentry-kafka"


def test_the_page_about_targets_names_every_field() -> None:
    page = (DOCS / "target.md").read_text()
    fields = {name for name in target.Target.model_fields if f"`{name}" not in page}
    assert fields == set(), "fields that docs/target.md does not explain"
    assert [word for word in target.COMPONENTS if word not in page] == []


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    found = _load(
        tmp_path, lambda one: one.update(cluster={"kubeconfig": "k"}, door={**one["door"], "ca": {"file": "/c"}})
    )
    assert found.cluster.kubeconfig == tmp_path / "k"
    assert found.door.ca is not None
    assert found.door.ca.file == Path("/c")


def test_a_component_may_be_elsewhere(tmp_path: Path) -> None:
    resource = {"api_version": "apps/v1", "kind": "Deployment", "name": "traefik"}
    found = _load(tmp_path, lambda one: one.update(components={"traefik": {"namespace": "edge", "resource": resource}}))
    assert str(found.resource_of("traefik")) == "Deployment edge/traefik"


def _sentry(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda one: one["sentry"].update(fields)


def _top(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda one: one.update(fields)


def _door(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda one: one["door"].update(fields)


KAFKA = {"bootstrap": "k:9093", "identity": {"secret": "s"}}
REFUSALS: dict[str, Callable[[dict[str, Any]], object]] = {
    "sentry.token: a secret never stands in this file: write {env: NAME}, {file: PATH} or": _sentry(token=INLINE),
    "sentry.token.value: is unknown; allowed here: env, file, secret": _sentry(token={"value": INLINE}),
    "sentry.token: exactly one of env, file, secret must be given, not 2": _sentry(token={"env": "A", "file": "b"}),
    "sentry.token: exactly one of env, file, secret must be given, not 0": _sentry(token={}),
    "sentry.token.secret.key: is missing": _sentry(token={"secret": {"name": "s"}}),
    "users.0.password: a secret never stands in this file": _top(users=[{"email": "a@b", "password": INLINE}]),
    "version: must be 1": _top(version=2),
    "door: is missing": lambda one: one.pop("door"),
    "door.sentry_url: must be an https URL": _door(sentry_url="http://sentry.test"),
    "door.dex_url: must be a URL such as https://sentry.example.com": _door(dex_url="dex.test"),
    "door.dex_url: must be a URL without a user or a password": _door(dex_url=f"https://me:{INLINE}@dex.test"),
    "door.http_port: must be less than or equal to 65535": _door(http_port=70000),
    "door.resolve.sentry.test: must be an IP address": _door(resolve={"sentry.test": "elsewhere"}),
    "door.ca: exactly one of file, secret must be given, not 0": _door(ca={}),
    "kafka.bootstrap: must be host:port, or several": _top(kafka={**KAFKA, "bootstrap": "k"}),
    "kafka.identity: exactly one of secret, folder must be given": _top(kafka={**KAFKA, "identity": {}}),
    "kafka.colour: is unknown; allowed here: bootstrap, identity": _top(kafka={**KAFKA, "colour": "red"}),
    "colour: is unknown; allowed here: version, name, namespace, cluster": _top(colour="red"),
    "components.redis: must be 'postgres', 'valkey'": _top(components={"redis": {}}),
    "components.kafka.pods: 'a b' is no label selector": _top(components={"kafka": {"pods": "a b"}}),
    "components.kafka.provenance: must be 'real', 'substitute' or": _top(components={"kafka": {"provenance": "fake"}}),
    "components.kafka.resource.name: is missing": _top(
        components={"kafka": {"resource": {"api_version": "v1", "kind": "Pod"}}}
    ),
    "features.sessions: must be true, or a sentence": _top(features={"sessions": False}),
    "snuba.url: must be a URL": _top(snuba={"url": "snuba:1218"}),
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_a_fault_is_one_sentence_about_one_field(tmp_path: Path, sentence: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"target field {sentence}")) as refusal:
        _load(tmp_path, REFUSALS[sentence])
    assert "\n" not in str(refusal.value)
    assert "target.yaml" in refusal.value.where


@pytest.mark.parametrize("sentence", [text for text in REFUSALS if "token" in text or "password" in text])
def test_a_secret_in_the_wrong_place_is_not_repeated(
    tmp_path: Path, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput) as refusal:
        _load(tmp_path, REFUSALS[sentence])
    told = f"{refusal.value!r} {refusal.value.__cause__!r} {refusal.value.__suppress_context__} {capsys.readouterr()}"
    assert INLINE not in told
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no fields"),
        ("- a", "holds no fields"),
        ("a: [", "is no YAML in line"),
        (f"token: {INLINE}: b", "is no YAML in line 1"),
    ],
)
def test_what_is_no_target_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(BadInput, match=f"the target {sentence}") as refusal:
        target.load(tmp_path / "t")
    assert INLINE not in str(refusal.value)
    with pytest.raises(BadInput, match="the target cannot be read"):
        target.load(tmp_path / "gone")
