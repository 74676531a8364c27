"""An index page for each check that failed or is unknown: everything that was kept of it, and the command to try again.

The files themselves were redacted when they were kept; a page shows their beginnings and links to the whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from reports import reproduce, svg
from reports.build import worst_first
from reports.files import store
from reports.models import CheckResult, Evidence, Report, Verdict
from reports.templates import environment, style

BAD = (Verdict.FAIL, Verdict.UNKNOWN)
NAME = "index.html"
PREVIEW_BYTES = 8 * 1024
PREVIEWS, ROWS = 40, 100
TEXTS = {".txt", ".json", ".log", ".yaml", ".csv", ".pem", ".jsonl"}
PICTURES = {".png", ".jpg", ".svg"}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A file of evidence as its page shows it: a beginning of its text, or the picture itself.

    ``missing`` tells that the report names a file which is not there any more.
    """

    entry: Evidence
    link: str
    text: str = ""
    left: int = 0
    picture: bool = False
    missing: bool = False


def place(check: CheckResult) -> str:
    """Where the index of a check lies, relative to the run's folder; empty where it needs none."""
    if check.verdict not in BAD:
        return ""
    if check.evidence:
        return str(PurePosixPath(check.evidence[0].path).parent / NAME)
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", check.id.removeprefix("suites/")).strip("-.")
    digest = hashlib.sha256(check.id.encode()).hexdigest()[:8]
    return f"evidence/{clean[:80]}-{digest}/{NAME}"


def write(report: Report, folder: Path) -> list[Path]:
    """Write the pages; return where they are."""
    bad = [check for check in worst_first(report) if check.page]
    template = environment().get_template("evidence.html.j2")
    written = []
    for number, check in enumerate(bad):
        around = {"before": bad[number - 1] if number else None, "after": next(iter(bad[number + 1 :]), None)}
        up = "../" * (len(PurePosixPath(check.page).parts) - 1)
        text = template.render(
            report=report, check=check, up=up, style=style(), **around, **_shaped(check, report, folder)
        )
        store(folder / check.page, text)
        written.append(folder / check.page)
    return written


def _shaped(check: CheckResult, report: Report, folder: Path) -> dict[str, object]:
    wanted = set(check.requirements)
    return {
        "requirements": [one for one in report.requirements if one.id in wanted],
        "files": [_shown(one, check, folder) for one in check.evidence[:PREVIEWS]],
        "left": max(0, len(check.evidence) - PREVIEWS),
        "rerun": reproduce.one(check, report),
        "timelines": [svg.timeline(one) for one in report.timelines if one.check == check.id and one.hops],
        "grids": [one for one in report.grids if one.check == check.id and one.rows],
        "figures": [one for one in report.figures if one.check == check.id],
        "rows": ROWS,
    }


def _shown(entry: Evidence, check: CheckResult, folder: Path) -> Shown:
    link = _relative(entry.path, PurePosixPath(check.page).parent.parts)
    path = folder / entry.path
    suffix = PurePosixPath(entry.path).suffix
    if not path.is_file():
        return Shown(entry=entry, link=link, missing=True)
    if suffix in PICTURES:
        return Shown(entry=entry, link=link, picture=True)
    if suffix not in TEXTS:
        return Shown(entry=entry, link=link)
    with path.open("rb") as file:
        beginning = file.read(PREVIEW_BYTES).decode("utf-8", "replace")
    return Shown(entry=entry, link=link, text=beginning, left=max(0, path.stat().st_size - PREVIEW_BYTES))


def _relative(path: str, base: Sequence[str]) -> str:
    """A path of the run's folder as seen from the folder ``base`` of it."""
    parts = PurePosixPath(path).parts
    same = 0
    for one, other in zip_longest(parts, base):
        if one != other or one is None:
            break
        same += 1
    return "/".join([*[".."] * (len(base) - same), *parts[same:]])
