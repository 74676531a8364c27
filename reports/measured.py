"""What was measured beside a report: the load run and the capacity sign-off in the same folder, where there are any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from reports.capacity_models import Capacity
from reports.history_models import CapacityFigures, LoadFigures
from reports.load_models import LoadRun
from reports.reading import ReportError, load_capacity, load_run

LOAD, CAPACITY, CAPACITY_PAGE = "load.json", "capacity.json", "capacity.html"
REPEATS = 2
Found = TypeVar("Found")


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
    signed = _there(folder / CAPACITY, load_capacity, problems)
    return Measured(
        load=_there(folder / LOAD, load_run, problems),
        capacity=capacity_figures(signed) if signed else None,
        capacity_page=CAPACITY_PAGE if (folder / CAPACITY_PAGE).is_file() else "",
        problems=tuple(problems),
    )


def _there(path: Path, reader: Callable[[Path], Found], problems: list[str]) -> Found | None:
    if not path.is_file():
        return None
    try:
        return reader(path)
    except ReportError as error:
        problems.append(str(error))
        return None


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


def capacity_figures(signed: Capacity) -> CapacityFigures:
    """A sign-off in a handful of numbers; a single search has no spread."""
    several = len(signed.searches) >= REPEATS
    return CapacityFigures(
        verdict=signed.verdict,
        sustainable=signed.sustainable,
        low=min(signed.searches) if several else None,
        high=max(signed.searches) if several else None,
    )
