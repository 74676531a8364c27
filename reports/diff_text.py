"""A diff as text for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from reports.diff import Change, Diff, Kind
from reports.marks import code, fit, plain_line
from reports.terminal import capped, clip

CAP = 20
COMMENT_BYTES = 60_000
"""A comment on GitHub holds 65,536 characters."""


def sentence(diff: Diff) -> str:
    """What came out, in one sentence."""
    if not diff.changes:
        return f"Nothing changed from {diff.old} to {diff.new}."
    counts = [f"{len(diff.of(kind))} {kind}" for kind in Kind if diff.of(kind)]
    tone = "Something got worse" if diff.worse else "Nothing got worse"
    return f"{tone} from {diff.old} to {diff.new}: {', '.join(counts)}."


def text(diff: Diff) -> str:
    """Lines for a terminal, each kind capped."""
    lines = [sentence(diff), *(f"note: {remark}" for remark in diff.remarks)]
    for kind in Kind:
        changes = diff.of(kind)
        if changes:
            lines += ["", f"{str(kind).capitalize()} ({len(changes)}):"]
            lines += capped([_line(change) for change in changes], CAP)
    return "\n".join(lines) + "\n"


def markdown(diff: Diff) -> str:
    """A comment for a pull request, worst first, below the size that GitHub takes."""
    parts = [f"### {sentence(diff)}\n", *(f"> {remark}\n" for remark in diff.remarks)]
    for kind in Kind:
        changes = diff.of(kind)
        if changes:
            left = len(changes) - CAP
            rows = [_row(change) for change in changes[:CAP]]
            more = [f"\n{left} more left out here.\n"] if left > 0 else []
            table = ["| what | before | after | why |", "|---|---|---|---|", *rows]
            parts.append("\n".join(["", f"#### {str(kind).capitalize()} ({len(changes)})", "", *table, *more]))
    return fit(parts, COMMENT_BYTES)


def _line(change: Change) -> str:
    told = clip(f"  {change.subject}: {change.before} -> {change.after}")
    return f"{told}\n{clip(f'      {change.why}')}" if change.why else told


def _row(change: Change) -> str:
    cells = (code(change.subject), *map(plain_line, (change.before, change.after, change.why)))
    return f"| {' | '.join(cells)} |"
