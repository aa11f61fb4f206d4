"""`laiobench history`: shows a metric over stored results, and when it changed."""

import csv
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from laiobench.cli.console import answer, say
from laiobench.cli.params import ShareType
from laiobench.cli.shared_options import json_option
from laiobench.comparison import change_points
from laiobench.comparison.change_points import ChangePoint, Point
from laiobench.errors import UsageError
from laiobench.report.text import history_chart
from laiobench.results import reference, selection
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import METRICS, Key
from laiobench.words import DIRECTIONS


@click.command("history", short_help="Show a metric over stored results.")
@click.argument("folder", default=lambda: str(reference.default_folder()))
@click.option(
    "--metric",
    default="iops",
    show_default=True,
    metavar="NAME",
    help="One of: " + ", ".join(METRICS) + ".",
)
@click.option("--job", metavar="NAME", help="The job, if the results have several.")
@click.option(
    "--direction", type=click.Choice(DIRECTIONS), help="The direction, if the job has several."
)
@click.option(
    "--sessions", is_flag=True, help="One point for each session of measuring: its median."
)
@click.option(
    "--min-effect",
    type=ShareType(),
    default=f"{change_points.MIN_EFFECT:.0%}",
    show_default=True,
    metavar="SHARE",
    help="The smallest change to report.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the points as CSV.")
@json_option("points and changes as JSON")
def command(
    folder: str,
    metric: str,
    job: str | None,
    direction: str | None,
    sessions: bool,
    min_effect: float,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show a metric over the results in FOLDER, by time, and when it changed for good.

    Shows each job and direction, unless they are chosen.  A change is reported where PELT
    finds one and a rank test confirms it, if it is at least --min-effect and has 3 points
    or more on either side.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json contradict each other", "give one of them")
    if not 0 <= min_effect < 1:
        raise UsageError(f"--min-effect must be a share below 1, not {min_effect:g}")
    if not Path(folder).is_dir():
        raise UsageError(
            f"{folder} is no folder of results",
            f"name one, such as {reference.default_folder()} or a gate's baseline",
        )
    found = selection.select(folder, reference.default_folder())
    for text in found.left_out:
        say(f"warning: left out: {text}")
    if as_csv or as_json:
        keys = [change_points.find_key(found.runs, metric, job, direction)]
    else:
        keys = change_points.find_keys(found.runs, metric, job, direction)
    histories = [(key, _points(found.runs, key, by_session=sessions)) for key in keys]
    if not any(series for _, series in histories):
        raise UsageError(f"no result has a value of {metric} above 0")
    if as_csv:
        _print_csv(*histories[0])
        return
    told = [
        (key, series, change_points.change_points(series, min_effect=min_effect))
        for key, series in histories
        if series
    ]
    if as_json:
        answer(json.dumps(_document(*told[0])), is_document=True)
    else:
        answer("\n\n".join(_chart(*each) for each in told))


def _points(runs: Sequence[RunDigest], key: Key, *, by_session: bool) -> list[Point]:
    """The values of a metric; warns of runs without one, and of runs on another machine."""
    of_it = [run for run in runs if key.job in run.copies]
    series, lacking = change_points.points(of_it, key, by_session=by_session)
    if lacking:
        say(f"warning: {lacking} of {len(of_it)} results of job {key.job} have no {key.metric}")
    if names := change_points.mixed(of_it):
        say(f"warning: not all were measured under the same conditions: {', '.join(names)} differ")
    return series


def _chart(key: Key, series: list[Point], changes: list[ChangePoint]) -> str:
    kind = METRICS[key.metric]
    title = " ".join(part for part in (key.job, key.direction, kind.title) if part)
    width = min(shutil.get_terminal_size().columns, 120)
    return history_chart.render(title, kind, series, changes, width)


def _print_csv(key: Key, series: list[Point]) -> None:
    """Two columns, `time` and the metric: the form that change-point tools read."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("time", key.metric))
    writer.writerows((point.started_at, point.value) for point in series)


def _document(key: Key, series: list[Point], changes: list[ChangePoint]) -> dict[str, object]:
    return {
        "schema": 1,
        "kind": "history",
        **key._asdict(),
        "better": METRICS[key.metric].better,
        "points": [vars(point) for point in series],
        "changes": [{**vars(change), "ratio": change.ratio} for change in changes],
    }
