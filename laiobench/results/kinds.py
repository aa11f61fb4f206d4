"""The kinds of documents, a row each, by the `kind` that a document states.

A row says what a folder of results must know of a kind: how its documents are read, listed
and named, and which runs in them are compared.  The row of the same name in
`laiobench.report.kinds` says how they are shown and exported.  A kind's
model is imported when a document of it is read or made: a run needs none of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laiobench.later import later, named
from laiobench.results.copies import by_job
from laiobench.results.document import Document, Listing

if TYPE_CHECKING:
    from laiobench.results.bisection import BisectionResult
    from laiobench.results.calibration import Calibration
    from laiobench.results.comparison import Comparison
    from laiobench.results.run_result import RunResult
    from laiobench.results.stored_runs import RawRun

ReadRuns = Callable[[bytes, Path, str | None], "Iterator[RawRun]"]


@dataclass(frozen=True)
class Kind:
    """How documents of a kind are read, listed and named."""

    model_place: str
    """The module and the class, as `module:name`."""
    title: str
    """What a sentence calls one of them: `a comparison`."""
    listing: Callable[[Any], Listing]
    file_prefix: str = ""
    """What a file's name has after the time, before the variants or jobs; empty: nothing."""
    runs: ReadRuns | None = None
    """Finds the runs to compare in a document's text; None: the kind has no runs."""
    schema: int = 1
    """The latest version of its schema that this laiobench reads."""

    @property
    def model(self) -> type[Document]:
        """The class, imported now if it was not."""
        model: type[Document] = named(self.model_place)
        return model


def _names(jobs: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the jobs, each once."""
    return list(dict.fromkeys(str(job.get("name", "job")) for job in jobs))


def _of_run(result: RunResult) -> Listing:
    ios = [direction for job in result.jobs for direction in job.directions().values()]
    return Listing(
        result.kind,
        result.started_at,
        result.status,
        jobs=list(by_job(result.jobs)),
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
    """The median IOPS of the baseline, and then of each variant."""
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


_RESULTS = "laiobench.results"

KINDS: Mapping[str, Kind] = {
    "run": Kind(
        f"{_RESULTS}.run_result:RunResult", "the result of a run", _of_run,
        runs=later(f"{_RESULTS}.stored_runs:of_run"),
    ),
    "comparison": Kind(
        f"{_RESULTS}.comparison:Comparison", "a comparison", _of_comparison, file_prefix="ab",
        runs=later(f"{_RESULTS}.stored_runs:of_comparison"),
    ),
    "calibration": Kind(
        f"{_RESULTS}.calibration:Calibration", "a calibration", _of_calibration,
        file_prefix="calibration",
    ),
    "bisection": Kind(
        f"{_RESULTS}.bisection:BisectionResult", "a bisection", _of_bisection,
        file_prefix="bisect",
    ),
}  # fmt: skip


def listing_of(document: Document) -> Listing:
    """A document's row in a list."""
    return KINDS[document.kind].listing(document)
