"""Named limits: overridden one by one or stretched together; a wrong override is one sentence, also at import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.errors import BadInput
from fixtures.timeouts import PREFIX, Timeouts, load

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_a_limit_is_overridden_and_the_others_are_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}FACTOR", "2")
    monkeypatch.setenv(f"{PREFIX}HOP_ROW", "7.5")
    limits = load()
    assert limits.hop_row == 7.5
    assert limits.hop_api == 2 * Timeouts().hop_api


@pytest.mark.parametrize(("name", "text"), [("HOP_ROW", "soon"), ("HOP_ROW", "0"), ("FACTOR", "-1"), ("NOTHING", "1")])
def test_a_wrong_override_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", text)
    with pytest.raises(BadInput, match=f"{PREFIX}{name}"):
        load()


def test_a_wrong_override_ends_a_command_with_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fixtures.embedded", "status"],
        cwd=PROJECT,
        env={**os.environ, f"{PREFIX}HOP_ROW": "soon"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        f"error: {PREFIX}HOP_ROW must be seconds above 0, not 'soon'; next: unset or correct it"
    ]
