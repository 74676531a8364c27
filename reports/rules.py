"""The rules that turn verdicts of checks into verdicts of requirements and into the run's exit code. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reports.models import Verdict

#: Worst first: a requirement is as good as the first of these that one of its checks has.
#: ``not-run`` stands before ``pass`` because a requirement proven by half its checks is not proven.
PRECEDENCE = (
    Verdict.FAIL,
    Verdict.UNKNOWN,
    Verdict.NOT_RUN,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)

EXIT_PASS, EXIT_FAIL, EXIT_NOTHING, EXIT_UNKNOWN, EXIT_WAIVER = 0, 1, 5, 6, 7


def requirement_verdict(checks: Iterable[Verdict]) -> Verdict:
    """The verdict of a requirement from all of its checks.

    fail if any check fails; else unknown if any is unknown; else not-run if any did not run, or there is none;
    else waived if any is waived; else pass if any passes; else not-applicable.
    """
    seen = set(checks)
    return next((verdict for verdict in PRECEDENCE if verdict in seen), Verdict.NOT_RUN)


def exit_code(checks: Iterable[Verdict], *, waiver_problems: bool) -> int:
    """The exit code of a run that came to its end, from the checks that were selected.

    1 any fail; 7 a waiver that expired, names nothing or is not needed any more; 6 any unknown or not-run;
    5 nothing was judged (no check passed, failed or was waived); else 0.
    """
    seen = set(checks)
    if Verdict.FAIL in seen:
        return EXIT_FAIL
    if waiver_problems:
        return EXIT_WAIVER
    if seen & {Verdict.UNKNOWN, Verdict.NOT_RUN}:
        return EXIT_UNKNOWN
    return EXIT_PASS if seen & {Verdict.PASS, Verdict.WAIVED} else EXIT_NOTHING
