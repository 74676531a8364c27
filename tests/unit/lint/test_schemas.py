"""Operators' definitions are taken strictly: what they do not name is an error, what they leave open is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.embedded.progress import Display, Silent
from fixtures.embedded.store import Store
from fixtures.errors import BadInput, SetupFailed
from fixtures.home import cache_folder
from fixtures.kind import crds
from fixtures.lint import schemas
from fixtures.lint.lists import Definitions as Source
from fixtures.lint.model import Document, Rendered
from tests.unit.lint.draft import Draft, put, sound

SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1},
        "port": {"x-kubernetes-int-or-string": True},
        "anything": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "note": {"type": "string", "nullable": True, "enum": ["a"]},
        "pod": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"spec": {"type": "object"}}},
    },
}
DEFINITION = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "toys.example.test",
        "names": {"kind": "Toy"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SPEC}}},
            },
            {"name": "v1alpha1", "served": False, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ],
    },
}


def toy(**spec: object) -> Document:
    return {"apiVersion": "toys.example.test/v1", "kind": "Toy", "metadata": {"name": "t"}, "spec": {"size": 1, **spec}}


@pytest.fixture
def definitions(tmp_path: Path) -> schemas.Definitions:
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump_all([{"kind": "Other"}, DEFINITION]))
    target = tmp_path / "made"
    target.mkdir()
    assert crds.of_folder(tmp_path, target) == 1
    return schemas.Definitions([target])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"colour": "red"}, "'colour' was unexpected"),
        ({"size": 0}, "spec.size: 0 is less than the minimum of 1"),
        ({"size": "1"}, "spec.size: '1' is not of type 'integer'"),
        ({"port": True}, "spec.port: True is not of type 'integer', 'string'"),
        ({"labels": {"a": 1}}, "spec.labels.a: 1 is not of type 'string'"),
        ({"pod": {"spec": {"colour": "red"}}}, "spec.pod.spec: Additional properties"),
    ],
)
def test_what_does_not_fit_is_told(definitions: schemas.Definitions, spec: dict[str, Any], said: str) -> None:
    document = toy(**spec)
    validator = definitions.validator(document)
    assert validator is not None
    (problem,) = schemas.problems(document, validator)
    assert said in problem


@pytest.mark.parametrize(
    "spec",
    [
        {"port": "http"},
        {"port": 80},
        {"anything": {"at": ["all"]}},
        {"labels": {"a": "b"}},
        {"note": None},
        {"pod": {"kind": "Pod", "metadata": {"labels": {}}, "spec": {}}},
    ],
)
def test_what_a_definition_leaves_open_fits(definitions: schemas.Definitions, spec: dict[str, Any]) -> None:
    validator = definitions.validator(toy(**spec))
    assert validator is not None
    assert list(schemas.problems(toy(**spec), validator)) == []


def test_a_kind_without_a_definition_is_not_judged(definitions: schemas.Definitions) -> None:
    game = {"apiVersion": "toys.example.test/v1", "kind": "Game", "metadata": {"name": "g"}}
    some = Rendered(overlay="built", layers={"1": (toy(colour="red"), game)}, lists=sound("built").lists, values={})
    findings, unknown = schemas.judge(some, definitions, ("toys.example.test/v1",))
    assert [finding.rule for finding in findings] == ["schemas"]
    assert findings[0].resource == "Toy t"
    assert unknown == ["Game of toys.example.test/v1"]
    assert schemas.judge(some, definitions, ("other/v1",)) == ([], [])


def test_versions_that_are_not_served_are_left_out() -> None:
    assert [name for name, _ in crds.schemas(DEFINITION)] == ["Toy.v1.toys.example.test"]


def test_a_folder_of_definitions_must_be_one_and_be_yaml(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="names no folder"):
        crds.of_folder(tmp_path / "gone", tmp_path)
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(BadInput, match=r"cannot be read: .*bad\.yaml"):
        crds.of_folder(tmp_path, tmp_path)


def test_a_release_without_definitions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crds, "_of_release", lambda url: f"kind: Deployment # {url}")
    with pytest.raises(SetupFailed, match="no definition in what was downloaded"):
        crds.recipe("toy", Source(release="https://toys.example.test/1")).build(tmp_path, Silent())
    monkeypatch.setattr(crds, "_of_release", lambda _: yaml.safe_dump(DEFINITION))
    crds.recipe("toy", Source(release="https://toys.example.test/1")).build(tmp_path, Silent())
    assert json.loads((tmp_path / "Toy.v1.toys.example.test.json").read_text())["type"] == "object"


def test_another_pin_is_another_entry() -> None:
    first = crds.recipe("toy", Source(module="toys.example.test/toy", version="v1.0.0", sum="h1:a", files=("*",)))
    second = crds.recipe("toy", Source(module="toys.example.test/toy", version="v1.0.1", sum="h1:a", files=("*",)))
    assert first.entry != second.entry
    assert first.entry.startswith("crds-toy-")


def test_faults_in_real_resources_are_noticed_by_the_operators_own_definitions() -> None:
    operators = sound("built").lists.versions.operators
    try:
        some = [
            crds.available(n, operators[n].crds, Store(cache_folder()), Display()) for n in ("cert-manager", "traefik")
        ]
    except SetupFailed as error:
        pytest.skip(f"the definitions cannot be had: {error}")
    draft = Draft.of(sound("operators"))
    draft.spec("Certificate", "dex").update(dnsName=["dex"])
    put(draft.spec("Certificate", "sentry-ca"), "privateKey.rotationPolicy", "Sometimes")
    put(draft.spec("IngressRoute", "dex"), "routes.0.priority", "ten")
    apis = (*operators["cert-manager"].apis, *operators["traefik"].apis)
    findings, unknown = schemas.judge(draft.rendered(), schemas.Definitions(some), apis)
    assert unknown == []
    assert sorted(finding.resource for finding in findings) == [
        "Certificate sentry-system/dex",
        "Certificate sentry-system/sentry-ca",
        "IngressRoute sentry-system/dex",
    ]
