"""The chart is rendered by helm and judged like everything else; values that it does not know are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.errors import BadInput, SetupFailed
from fixtures.lint import charts
from fixtures.lint.rules.budget import requests_and_limits
from tests.unit.lint.draft import sound

RENDERED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: sentry-web, labels: {app: sentry}}
spec:
  template:
    spec: {containers: [{name: web, image: "a/b:1.2"}]}
---
# Source: an empty template
---
"""


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "helm"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\n[ -d \"$3\" ] || {{ echo 'Error: chart not found' >&2; exit 1; }}\ncat <<'X'\n{RENDERED}X\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


@pytest.mark.usefixtures("helm")
def test_what_helm_renders_takes_the_place_of_values(tmp_path: Path) -> None:
    documents = charts.render(tmp_path, tmp_path / "values.yaml")
    assert [document["metadata"] for document in documents] == [
        {"namespace": "sentry-system", "name": "sentry-web", "labels": {"app": "sentry"}}
    ]
    judged = charts.with_chart(sound("operators"), documents)
    new = set(requests_and_limits(judged)) - set(requests_and_limits(sound("operators")))
    assert {found.resource for found in new} == {"Deployment sentry-system/sentry-web"}
    assert len(new) == 3


@pytest.mark.usefixtures("helm")
def test_a_chart_that_cannot_be_rendered_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be rendered: Error: chart not found"):
        charts.render(tmp_path / "gone", tmp_path / "values.yaml")


def test_without_helm_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupFailed, match="helm, which is not on PATH"):
        charts.render(tmp_path, tmp_path / "values.yaml")


def test_a_key_that_the_chart_names_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("externalPostgresql:\n  # sslMode: require\n  port: 5432\nmemcached: {}\n")
    values = {
        "x-anchors": {"a": 1},
        "externalPostgresql": {"sslMode": "verify-full", "sslmode": "verify-full"},
        "memcached": {"resources": {"requests": {}}},
    }
    told = [found.resource for found in charts.unknown_values(values, tmp_path)]
    assert told == ["values externalPostgresql.sslmode", "values memcached.resources"]
    with pytest.raises(BadInput, match="names no chart"):
        list(charts.unknown_values(values, tmp_path / "gone"))
