"""Formats: documents as text for other programs; one file a format.

A format's module is imported when it is used, since some need optional packages.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from laiobench.errors import UsageError
from laiobench.report.kinds import SHOWN, kind_of_form
from laiobench.results.document import Document
from laiobench.words import suggest


@dataclass(frozen=True)
class Format:
    """The functions of a format, by the form of the document (`laiobench.report.kinds`)."""

    module: str
    """Below laiobench.report.export."""
    summary: str
    functions: Mapping[str, str] = field(default_factory=dict)
    """By form."""
    of_points: str = ""
    """The function for all other kinds that have points."""
    of_all: str = ""
    """The function for all kinds."""
    is_for_many: bool = False
    """Whether it can write several documents into one text."""
    appends: bool = False
    """Whether it adds to a file that others write to as well."""

    def function(self, form: str) -> str:
        """The name of the function for documents of a form; empty: there is none."""
        has_points = kind_of_form(form).points is not None
        return self.functions.get(form) or (has_points and self.of_points) or self.of_all


_GATE = {"gate": "render"}
_RUN = {"run": "render"}
_WITH_TRIALS = dict.fromkeys(("run", "comparison", "gate"), "render")

FORMATS: Mapping[str, Format] = {
    "json": Format("json", "the document itself", of_all="render"),
    "csv": Format(
        "csv", "a line for each value, compared metric, or revision",
        {"comparison": "compared", "gate": "compared", "bisection": "bisected"},
        of_points="values", is_for_many=True,
    ),
    "markdown": Format(
        "markdown", "tables, such as for an issue",
        {"comparison": "comparison", "gate": "gate", "bisection": "bisection"}, of_points="values",
    ),
    "junit": Format("junit", "JUnit XML: a test case for each metric of a gate", _GATE),
    "github-summary": Format(
        "github_summary", "for $GITHUB_STEP_SUMMARY, to which it is appended", _GATE, appends=True
    ),
    "github-annotations": Format(
        "github_annotations", "workflow commands, for what did not pass; on stdout", _GATE
    ),
    "bigger-is-better": Format(
        "github_action_benchmark", "github-action-benchmark's customBiggerIsBetter",
        of_points="bigger",
    ),
    "smaller-is-better": Format(
        "github_action_benchmark", "github-action-benchmark's customSmallerIsBetter",
        of_points="smaller",
    ),
    "bencher": Format("bencher", "Bencher Metric Format", of_points="render"),
    "benchfmt": Format(
        "benchfmt", "Go's benchmark format, so that benchstat can check us", _WITH_TRIALS,
        is_for_many=True,
    ),
    "prometheus": Format(
        "prometheus", "for the text file collector of Prometheus' node exporter",
        {"run": "run", "comparison": "comparison", "gate": "comparison"}, of_points="values",
    ),
    "hdr": Format("hdr", "HdrHistogram's log: all latencies, tagged", _RUN),
    "fio-json": Format("fio_json", "fio's --output-format=json", _RUN),
    "fio-json+": Format("fio_json", "fio's --output-format=json+", {"run": "plus"}),
}  # fmt: skip


def find(name: str) -> Format:
    """A format by its name.

    Raises:
        UsageError: no format has this name.
    """
    if name not in FORMATS:
        raise UsageError(
            f"there is no format {name}{suggest(name, FORMATS)}",
            "the formats are: " + ", ".join(FORMATS),
        )
    return FORMATS[name]


def formats_for(form: str) -> list[str]:
    """The names of formats for documents of a form."""
    return [name for name, known in FORMATS.items() if known.function(form)]


def check_format(name: str) -> None:
    """Find out before anything is read whether a format can be written.

    Raises:
        UsageError: no format has this name, or a package that it needs is missing.
    """
    _module(find(name))


def _module(chosen: Format) -> object:
    return importlib.import_module(f"laiobench.report.export.{chosen.module}")


def write(name: str, documents: Sequence[Document]) -> str:
    """Documents as text in a format.

    Raises:
        UsageError: there is no such format, it is not for such documents or so many
            of them, or a package that it needs is missing.
    """
    chosen = find(name)
    forms = dict.fromkeys(SHOWN[document.kind].form(document) for document in documents)
    for form in forms:
        check_form(name, form)
    functions = dict.fromkeys(map(chosen.function, forms))
    if len(functions) > 1 and chosen.is_for_many:
        raise UsageError(
            f"{' and '.join(map(_called, forms))} do not go into one {name}", "export them apart"
        )
    if not chosen.is_for_many and len(documents) != 1:
        raise UsageError(
            f"{name} is for one document, and here are {len(documents)}",
            "for several: " + ", ".join(known for known in FORMATS if FORMATS[known].is_for_many),
        )
    function: Callable[..., str] = getattr(_module(chosen), next(iter(functions)))
    return function(documents if chosen.is_for_many else documents[0])


def check_form(name: str, form: str) -> None:
    """Find out before anything is measured whether a format is for such documents.

    Raises:
        UsageError: there is no such format, or it is not for such documents.
    """
    if not find(name).function(form):
        raise UsageError(
            f"{name} is not for {_called(form)}", "for those: " + ", ".join(formats_for(form))
        )


def _called(form: str) -> str:
    return kind_of_form(form).forms[form]
