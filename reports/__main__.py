"""``python -m reports show [RUN]`` prints a report; ``python -m reports schema [--write]`` prints its JSON Schema.

Exit codes: ``show`` gives the run's own (3 where the run did not end), 4 for a report that cannot be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from reports import terminal
from reports.build import ReportError, load
from reports.schema import PUBLISHED, text

DEFAULT_DIR = "reports/out"
BAD_INPUT, UNFINISHED = 4, 3


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "schema":
        return _schema(write=chosen.write)
    try:
        return _show(find(chosen.run, Path(chosen.report_dir)))
    except ReportError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT


def find(run: str, base: Path) -> Path:
    """The report named by a run's id, its folder, or the file itself. :raises ReportError: there is none."""
    given = Path(run)
    candidates = (base / run / "report.json", given / "report.json", given)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = sorted(path.parent.name for path in base.glob("*/report.json") if not path.parent.is_symlink())
    hint = f"known runs end with {', '.join(known[-5:])}" if known else "no run was reported there yet"
    raise ReportError(f"there is no report of {run!r} below {base}: {hint}")


def _show(path: Path) -> int:
    report = load(path)
    print("\n".join(terminal.lines(report, str(path))))
    return report.run.exit_code if report.run.finished and report.run.exit_code is not None else UNFINISHED


def _schema(*, write: bool) -> int:
    if write:
        PUBLISHED.write_text(text(), encoding="utf-8")
        print(f"written: {PUBLISHED}")
    else:
        print(text(), end="")
    return 0


class _Parser(argparse.ArgumentParser):
    def exit(self, status: int = 0, message: str | None = None) -> None:  # type: ignore[override]
        # Bad input is 4 everywhere in this project; argparse says 2.
        super().exit(BAD_INPUT if status else 0, message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m reports", description="Read reports of conformance runs.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    show = commands.add_parser("show", help="print the summary of a run")
    show.add_argument("run", nargs="?", default="latest", help="run id, folder or report.json (default: the newest)")
    show.add_argument("--report-dir", default=DEFAULT_DIR, help=f"where runs are (default: {DEFAULT_DIR})")
    schema = commands.add_parser("schema", help="print the JSON Schema of report.json")
    schema.add_argument("--write", action="store_true", help="publish it in reports/schema/")
    return parser


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as head, has seen enough; without this, Python complains again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
