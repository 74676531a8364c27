"""Small helpers for Markdown: what a run says must not become markup, and a page must stay below a limit."""

from __future__ import annotations

import re
from collections.abc import Sequence

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@-])")
LONGEST = 300


def plain_line(text: str, most: int = LONGEST) -> str:
    """One line of text that Markdown shows as it is, shortened where it is long."""
    line = " ".join(text.split())
    shown = line if len(line) <= most else f"{line[: most - 1]}…"
    return SPECIAL.sub(r"\\\1", shown)


def code(text: str) -> str:
    """Text in a monospaced font, also in a table and with backticks in it."""
    line = " ".join(text.split()).replace("|", "\\|")
    fence = "``" if "`" in line else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(text: str, most: int) -> str:
    """A block of text as it is, cut in its middle where it is longer than ``most`` characters."""
    if len(text) > most:
        left = len(text) - most
        text = f"{text[: most // 2]}\n... {left} characters left out ...\n{text[-most // 2 :]}"
    ticks = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}text\n{text}\n{fence}"


def fit(parts: Sequence[str], limit: int) -> str:
    """The parts that fit into ``limit`` bytes, whole ones only, and a line that says how many were left out."""
    room = limit - 200
    kept: list[str] = []
    for number, part in enumerate(parts):
        room -= len(part.encode()) + 1
        if room < 0:
            kept.append(
                f"\n{len(parts) - number} more sections are left out here for want of room; report.html has them."
            )
            break
        kept.append(part)
    return "\n".join(kept).rstrip() + "\n"
