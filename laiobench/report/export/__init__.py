"""Formats: a document as text, for people and for other programs; one file a format.

A format's module is imported when it is asked for, since some need packages that
are extras.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from laiobench.errors import UsageError
from laiobench.results.comparison import Comparison
from laiobench.results.run_result import RunResult
from laiobench.words import suggest

Document = RunResult | Comparison
Kind = Literal["run", "comparison", "gate"]


@dataclass(frozen=True)
class Format:
    """How documents of some kinds are written."""

    module: str
    """Below laiobench.report.export."""
    summary: str
    kinds: tuple[Kind, ...] = ("run", "comparison", "gate")
    function: str = "render"
    is_for_many: bool = False
    """Several documents may go into one text."""
    appends: bool = False
    """To a file that others write to as well."""


FORMATS: Mapping[str, Format] = {
    "json": Format("json", "the document itself"),
    "csv": Format("csv", "a line for each value, or compared metric", is_for_many=True),
    "markdown": Format("markdown", "tables, such as for an issue"),
    "junit": Format("junit", "JUnit XML: a test case for each metric of a gate", ("gate",)),
    "github-summary": Format(
        "github_summary", "for $GITHUB_STEP_SUMMARY, to which it is appended", ("gate",),
        appends=True,
    ),
    "github-annotations": Format(
        "github_annotations", "workflow commands, for regressions only; on stdout", ("gate",)
    ),
    "bigger-is-better": Format(
        "github_action_benchmark", "github-action-benchmark's customBiggerIsBetter",
        function="bigger",
    ),
    "smaller-is-better": Format(
        "github_action_benchmark", "github-action-benchmark's customSmallerIsBetter",
        function="smaller",
    ),
    "bencher": Format("bencher", "Bencher Metric Format"),
    "benchfmt": Format(
        "benchfmt", "Go's benchmark format, so that benchstat can check us", is_for_many=True
    ),
    "prometheus": Format("prometheus", "for the text file collector of Prometheus' node exporter"),
    "hdr": Format("hdr", "HdrHistogram's log: all latencies, tagged", ("run",)),
    "fio-json": Format("fio_json", "fio's --output-format=json", ("run",)),
    "fio-json+": Format("fio_json", "fio's --output-format=json+", ("run",), function="plus"),
}  # fmt: skip


def find(name: str) -> Format:
    """A format by its name.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in FORMATS:
        raise UsageError(
            f"there is no format {name}{suggest(name, FORMATS)}",
            "the formats are: " + ", ".join(FORMATS),
        )
    return FORMATS[name]


def load(name: str) -> Callable[..., str]:
    """What writes a format.

    Raises:
        UsageError: there is none of this name, or a package that it needs is missing.
    """
    chosen = find(name)
    module = importlib.import_module(f"laiobench.report.export.{chosen.module}")
    function: Callable[..., str] = getattr(module, chosen.function)
    return function


def kind_of(document: Document) -> Kind:
    """What it is, as far as formats care."""
    if isinstance(document, RunResult):
        return "run"
    return "comparison" if document.verdict is None else "gate"


def write(name: str, documents: Sequence[Document]) -> str:
    """Documents in a format.

    Raises:
        UsageError: there is no such format, it is not for such documents or so many
            of them, or a package that it needs is missing.
    """
    chosen = find(name)
    function = load(name)
    for document in documents:
        check_kind(name, kind_of(document))
    if chosen.is_for_many:
        return function(documents)
    if len(documents) != 1:
        raise UsageError(
            f"{name} is for one document, and here are {len(documents)}",
            "for several: " + ", ".join(known for known in FORMATS if FORMATS[known].is_for_many),
        )
    return function(documents[0])


def check_kind(name: str, kind: Kind) -> None:
    """Find out before anything is measured.

    Raises:
        UsageError: there is no such format, or it is not for such documents.
    """
    if kind not in find(name).kinds:
        raise UsageError(
            f"{name} is not for {_KINDS[kind]}",
            "for those: " + ", ".join(known for known in FORMATS if kind in FORMATS[known].kinds),
        )


_KINDS: Mapping[Kind, str] = {
    "run": "results of runs",
    "comparison": "comparisons that no policy has judged",
    "gate": "what a gate has judged",
}
