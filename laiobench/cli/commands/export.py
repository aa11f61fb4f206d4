"""`laiobench export`: writes stored results in other formats."""

from pathlib import Path

import click

from laiobench.cli.exports import STDOUT, Export, put
from laiobench.cli.shared_options import WHERE_NAMED_RESULTS_ARE, results_option
from laiobench.errors import UsageError
from laiobench.files import distinct
from laiobench.report import export
from laiobench.report.export import FORMATS
from laiobench.results import reference as reference_module
from laiobench.results import store

_LIST = "\n".join(f"{name:<19} {format_.summary}" for name, format_ in FORMATS.items())


@click.command(
    "export",
    short_help="Write a stored result in another format.",
    epilog="\b\nFormats:\n" + _LIST,
)
@click.argument("references", nargs=-1, metavar="[RESULT]...")
@click.option("--format", "name", required=True, metavar="FORMAT", help="One of those below.")
@click.option(
    "--output", default=STDOUT, metavar="FILE", help="Write to this file, not to standard output."
)
@results_option(WHERE_NAMED_RESULTS_ARE)
def command(references: tuple[str, ...], name: str, output: str, results: Path) -> None:
    """Write RESULT, the document of a run, a comparison or a calibration, in another format.

    RESULT is a file, a folder, the beginning of an id, `last`, which is the default, or
    `last~1`, the one before it.
    """
    export.check_format(name)
    if output != STDOUT:
        store.check_output(Path(output))
    wanted = references or (reference_module.LAST,)
    paths = [path for reference in wanted for path in _paths(reference, results)]
    if output != STDOUT:
        kept = [("what is exported", path) for path in paths]
        distinct.check([(f"--output={output}", Path(output))], kept)
    documents = [store.load_document(path) for path in paths]
    put(Export(name, output), export.write(name, documents))


def _paths(reference: str, results: Path) -> list[Path]:
    if not Path(reference).is_dir():
        return [reference_module.find(reference, results)]
    found = list(reference_module.paths(Path(reference)))
    if not found:
        raise UsageError(f"{reference} holds no results")
    return found
