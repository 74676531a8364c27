"""``python -m reports``: read, compare and follow the reports of runs.

Exit codes: ``show`` gives the run's own (3 where the run did not end); ``diff`` gives 1 where anything got worse; 4 is
bad input, such as a record that cannot be read; else 0.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from reports import commands, history
from reports.commands import BAD_INPUT, MOST_RUNS, Places
from reports.reading import ReportError
from reports.schema import KINDS

DEFAULT_DIR = "reports/out"
NAMES = "run id, folder, report.json, latest, or latest~1 for the one before"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        return _run(chosen)
    except ReportError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "schema":
        return commands.schema(chosen.kind, everything=chosen.write)
    base = Path(chosen.report_dir)
    places = Places(base=base, history=Path(chosen.history) if chosen.history else base / history.NAME)
    match chosen.command:
        case "show":
            return commands.show(chosen.run, places)
        case "write":
            return commands.write(chosen.run, places)
        case "record":
            return commands.record(chosen.run, places)
        case "diff":
            return commands.compare(chosen.old, chosen.new, places, markdown=chosen.markdown)
        case "trend":
            target = Path(chosen.output) if chosen.output else base / "trend.html"
            return commands.trend_of(places, target, chosen.runs)
        case _:
            return commands.prune_runs(places, dry=chosen.dry_run, now=time.time())


class _Parser(argparse.ArgumentParser):
    def exit(self, status: int = 0, message: str | None = None) -> None:  # type: ignore[override]
        # Bad input is 4 everywhere in this project; argparse says 2.
        super().exit(BAD_INPUT if status else 0, message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m reports", description="Read, compare and follow reports of conformance runs.")
    commands_ = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    places = _Parser(add_help=False)
    places.add_argument("--report-dir", default=DEFAULT_DIR, help=f"where runs are (default: {DEFAULT_DIR})")
    places.add_argument("--history", help=f"file of the history (default: {history.NAME} in the report folder)")
    for name, told in (
        ("show", "print the summary of a run"),
        ("write", "make page, JUnit, CTRF and Markdown of a run anew"),
        ("record", "add a run to the history"),
    ):
        one = commands_.add_parser(name, help=told, parents=[places])
        one.add_argument("run", nargs="?", default="latest", help=NAMES)
    diff = commands_.add_parser("diff", help="print what changed between two runs", parents=[places])
    diff.add_argument("old", nargs="?", default="latest~1", help=NAMES)
    diff.add_argument("new", nargs="?", default="latest", help=NAMES)
    diff.add_argument("--markdown", action="store_true", help="for a comment on a pull request")
    trend = commands_.add_parser("trend", help="write one page over many runs", parents=[places])
    trend.add_argument("--output", help="the page (default: trend.html in the report folder)")
    trend.add_argument("--runs", type=_count, default=MOST_RUNS, help=f"newest runs to show (at most {MOST_RUNS})")
    prune = commands_.add_parser("prune", help="remove folders of old runs; the history keeps them", parents=[places])
    prune.add_argument("--dry-run", action="store_true", help="only say what would go")
    schema = commands_.add_parser("schema", help="print the JSON Schema of a kind of record")
    schema.add_argument("kind", nargs="?", default="report", choices=sorted(KINDS))
    schema.add_argument("--write", action="store_true", help="publish all of them in reports/schema/")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 1 <= number <= MOST_RUNS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_RUNS}")
    return number


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has seen enough; without this, Python complains again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
