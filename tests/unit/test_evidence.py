"""Pictures are kept beside texts, each under a name of its own."""

from __future__ import annotations

from pathlib import Path

from fixtures.evidence import Recorder
from fixtures.run_folder import RunFolder

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


def test_pictures_are_kept_byte_by_byte_and_never_replaced(tmp_path: Path) -> None:
    record = Recorder(check="suites/oidc/test_x.py::check", folder=RunFolder(id="run", base=tmp_path))
    record.picture("step", PNG)
    record.picture("step", PNG + b"2")
    record.evidence("step", "text")
    paths = [tmp_path / "run" / str(one["path"]) for one in record.files]
    assert [path.read_bytes() for path in paths] == [PNG, PNG + b"2", b"text"]
    assert [path.name for path in paths] == ["step.png", "step-2.png", "step.txt"]
    assert [one["bytes"] for one in record.files] == [len(PNG), len(PNG) + 1, 4]


def test_without_a_folder_only_the_name_is_kept() -> None:
    record = Recorder(check="check", folder=None)
    record.picture("step", PNG)
    assert record.files[0]["bytes"] == len(PNG)
