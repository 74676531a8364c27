"""What was measured beside a report: the load run and the capacity sign-off in the same folder, where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports.history_models import CapacityFigures, LoadFigures
from reports.load_models import LoadRun
from reports.reading import ReportError, load_run

LOAD = "load.json"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The records beside a report. ``problems`` are sentences on those that cannot be read;
    ``capacity_page`` is the sign-off's own page, relative to the folder.
    """

    load: LoadRun | None = None
    capacity: CapacityFigures | None = None
    capacity_page: str = ""
    problems: tuple[str, ...] = ()

    @property
    def load_figures(self) -> LoadFigures | None:
        """The figures of the load run that the history keeps."""
        return figures(self.load) if self.load else None


NOTHING = Measured()


def beside(folder: Path) -> Measured:
    """What lies in a run's folder beside its report."""
    problems: list[str] = []
    load = None
    if (folder / LOAD).is_file():
        try:
            load = load_run(folder / LOAD)
        except ReportError as error:
            problems.append(str(error))
    return Measured(load=load, problems=tuple(problems))


def figures(load: LoadRun) -> LoadFigures:
    """A load run in a handful of numbers."""
    return LoadFigures(
        verdict=load.verdict,
        offered=round(load.rates.offered, 3),
        acknowledged=round(load.rates.acknowledged, 3),
        queryable=round(load.rates.queryable, 3),
        latency_p99=load.latency.p99,
        freshness_p95=load.freshness.p95,
        lost=load.delivery.lost,
    )
