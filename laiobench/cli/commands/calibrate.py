"""`laiobench calibrate`: measures how noisy this machine is."""

import os
from pathlib import Path

import click

from laiobench.cli.console import answer, say
from laiobench.cli.job_command import JobCommand
from laiobench.cli.params import DurationType, PathType
from laiobench.cli.saved import tell_saved
from laiobench.cli.shared_options import json_option, quiet_option, section_option, seed_option
from laiobench.cli.write_options import WriteOptions, write_options
from laiobench.jobs.sources import resolve
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.report.text import calibration_table, remarks
from laiobench.results import store
from laiobench.results.calibration import DEFAULT_LENGTHS_S, DEFAULT_PAIRS
from laiobench.results.this_machine import state_path


@click.command(
    "calibrate",
    cls=JobCommand,
    short_help="Measure this machine's noise.",
    examples=(
        "laiobench calibrate                    on a scratch file",
        "laiobench calibrate randread-4k-qd1 --filename=/dev/nvme0n1",
        "laiobench calibrate ci/storage.toml --length 1 --length 5 --pairs 20",
    ),
    needed=("--length", "--pairs"),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@section_option()
@click.option(
    "--length",
    "lengths",
    multiple=True,
    type=DurationType(),
    metavar="DURATION",
    help="How long each trial measures; may be repeated.  [default: "
    + " and ".join(f"{length:g}" for length in DEFAULT_LENGTHS_S)
    + " s]",
)
@click.option(
    "--pairs",
    type=int,
    default=DEFAULT_PAIRS,
    show_default=True,
    help="Pairs of trials for each length.",
)
@seed_option()
@write_options
@json_option()
@click.option(
    "--output",
    type=PathType(),
    metavar="FILE",
    help="Save the document here, not as this machine's calibration.",
)
@quiet_option()
def command(
    sources: tuple[str, ...],
    section: tuple[str, ...],
    lengths: tuple[float, ...],
    pairs: int,
    seed: int | None,
    writing: WriteOptions,
    as_json: bool,
    output: Path | None,
    quiet: bool,
    flags: Flags,
) -> int:
    """Compare SOURCE with itself, to tell how many trials see which change on this machine.

    Says for each metric how much pairs of like trials differ by noise, and how many pairs of
    which length see a change of 2, 5 and 10 % in four of five cases; and what laiobench itself
    costs for such I/Os, measured without a device.  `gate --init` and reports use it.
    """
    drafts = gather(sources, flags, os.environ, section)
    jobs = resolve(drafts)
    path = output or state_path()
    store.check_output(path)
    said = notes_of_run(drafts, jobs)
    # Imported here: these need numpy, which is slow to import.
    from laiobench.cli.calibrating import calibrate_and_save

    calibration = calibrate_and_save(
        jobs,
        path,
        lengths_s=lengths or DEFAULT_LENGTHS_S,
        pairs=pairs,
        seed=seed,
        writing=writing,
        said=said,
        quiet=quiet,
    )
    text = calibration.to_json() if as_json else calibration_table.render(calibration)
    answer(text, is_document=as_json)
    if not quiet:
        for sentence in remarks.remarks(calibration):
            say(sentence)
    tell_saved(path, quiet=quiet)
    return 0
