"""The kinds of documents: a row each, by what a document calls its kind.

Here is what a folder of results needs to know of a kind: how it is read, listed and named,
and which runs are in it to be compared.  How it is shown and exported is said in the row of
the same name in `laiobench.report.kinds`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laiobench.results import stored_runs
from laiobench.results.bisection import BisectionResult
from laiobench.results.calibration import Calibration
from laiobench.results.comparison import Comparison
from laiobench.results.document import Document, Listing
from laiobench.results.run_result import RunResult
from laiobench.results.stored_runs import RawRun

ReadRuns = Callable[[bytes, Path, str | None], Iterator[RawRun]]


@dataclass(frozen=True)
class Kind:
    """How documents of a kind are read, listed and named."""

    model: type[Document]
    title: str
    """One of them, in a sentence: `a comparison`."""
    listing: Callable[[Any], Listing]
    file_prefix: str = ""
    """What names of files begin with, before the variants' or jobs' names."""
    runs: ReadRuns | None = None
    """The runs in a text that are compared with others; None: it has none of its own."""
    schema: int = 1
    """The latest that this version reads."""


def _names(jobs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(str(job.get("name", "job")) for job in jobs))


def _of_run(result: RunResult) -> Listing:
    ios = [direction for job in result.jobs for direction in job.directions().values()]
    return Listing(
        result.kind,
        result.started_at,
        result.status,
        jobs=list(dict.fromkeys(job.name for job in result.jobs)),
        iops=[round(direction.iops, 1) for direction in ios],
    )


def _of_comparison(comparison: Comparison) -> Listing:
    jobs = [job for variant in comparison.variants for job in variant.jobs]
    return Listing(
        comparison.kind,
        comparison.started_at,
        comparison.status,
        jobs=_names(jobs),
        variants=[variant.name for variant in comparison.variants],
        iops=list(_medians(comparison)),
    )


def _medians(comparison: Comparison) -> Iterator[float]:
    """IOPS of the baseline, and of each variant."""
    for number, metric in enumerate(comparison.find("iops")):
        sides = [metric.baseline_values] * (number == 0) + [metric.variant_values]
        yield from (round(side.median, 1) for side in sides if side)


def _of_calibration(calibration: Calibration) -> Listing:
    floors = [floor for length in calibration.lengths for floor in length.floors]
    return Listing(
        calibration.kind,
        calibration.started_at,
        calibration.status,
        jobs=_names(calibration.jobs),
        iops=[round(floor.median, 1) for floor in floors if floor.metric == "iops"],
    )


def _of_bisection(bisection: BisectionResult) -> Listing:
    jobs = [job.name for _, run in bisection.runs() for job in run.jobs]
    return Listing(
        bisection.kind,
        bisection.started_at,
        bisection.status,
        jobs=list(dict.fromkeys(jobs)),
        variants=[bisection.good.name, bisection.bad.name],
    )


KINDS: Mapping[str, Kind] = {
    "run": Kind(
        RunResult, "the result of a run", _of_run, runs=stored_runs.of_run
    ),
    "comparison": Kind(
        Comparison, "a comparison", _of_comparison,
        file_prefix="ab", runs=stored_runs.of_comparison,
    ),
    "calibration": Kind(
        Calibration, "a calibration", _of_calibration, file_prefix="calibration"
    ),
    "bisection": Kind(
        BisectionResult, "a bisection", _of_bisection, file_prefix="bisect"
    ),
}  # fmt: skip


def listing_of(document: Document) -> Listing:
    """How a document is listed."""
    return KINDS[document.kind].listing(document)
