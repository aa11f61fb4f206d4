"""Go's benchmark format, with a line for each trial, so that benchstat can check a comparison.

`benchstat -col /variant FILE` compares the variants of a live comparison; `benchstat OLD NEW`
compares the exports of two folders of results.  A line has the number of I/Os of a trial,
then values with their units.  `Unit` lines say which way is better; benchstat reads them
since its second version.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from laiobench.comparison.values import Value, values
from laiobench.errors import UsageError
from laiobench.results.digest import digest
from laiobench.results.document import Document
from laiobench.results.metrics import METRICS, Key
from laiobench.results.run_result import RunResult
from laiobench.words import one_line

_UNITS = {
    "iops": "IO/s",
    "bw_bytes": "B/s",
    "lat_mean_ns": "ns/op",
    "switches_per_io": "switches/op",
}


def render(documents: Sequence[Document]) -> str:
    """All trials of all documents.

    Raises:
        UsageError: a comparison of stored results has no trials of its own.
    """
    lines = [
        f"Unit {unit(name)} better={metric.better}"
        for name, metric in METRICS.items()
        if name in {key.metric for run in _runs(documents) for key in values(digest(run[1]))}
    ]
    for variant, run in _runs(documents):
        lines += _of_run(run, variant)
    return "\n".join(lines) + "\n"


def unit(metric: str) -> str:
    """The unit of a metric, which names it in this format: `p99-ns/op`, `IO/s`."""
    if metric in _UNITS:
        return _UNITS[metric]
    name = metric.removeprefix("lat_").removesuffix("_ns_per_io").removesuffix("_ns")
    return f"{name.replace('_', '-')}-ns/op"


def _runs(documents: Sequence[Document]) -> Iterator[tuple[str | None, RunResult]]:
    for document in documents:
        runs = document.runs()
        if not runs:
            raise UsageError(
                "a comparison of stored results has no trials of its own",
                "export the folders that it compared",
            )
        yield from runs


def _of_run(run: RunResult, variant: str | None) -> Iterator[str]:
    read = digest(run)
    measured = values(read)
    for job, copies in read.copies.items():
        ios = sum(copy.ios for copy in copies)
        directions = dict.fromkeys(key.direction for key in measured if key.job == job) or {}
        for direction in [name for name in directions if name]:
            keys = [
                key for key in measured if key.job == job and key.direction in (direction, None)
            ]
            columns = _columns(keys, measured)
            if columns:
                name = f"BenchmarkIO/job={_word(job)}/rw={direction}"
                if variant is not None:
                    name += f"/variant={_word(variant)}"
                yield "\t".join([name, str(max(1, ios)), *columns])


def _columns(keys: Sequence[Key], measured: Mapping[Key, Value]) -> list[str]:
    return [
        f"{value:.10g} {unit(key.metric)}"
        for key in keys
        if isinstance(value := measured[key], float)
    ]


def _word(text: str) -> str:
    """A part of a benchmark's name: no spaces, slashes or control characters."""
    return one_line(re.sub(r"[\s/]+", "_", text))
