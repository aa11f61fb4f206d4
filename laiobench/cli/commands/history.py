"""`laiobench history`: a metric over stored results."""

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
from laiobench.comparison import change_points, history
from laiobench.comparison.change_points import ChangePoint, Point
from laiobench.comparison.history import Series
from laiobench.errors import UsageError
from laiobench.report.text import history_chart
from laiobench.results import reference, selection
from laiobench.results.metrics import METRICS
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
    "--where",
    multiple=True,
    metavar="OPTION=VALUE",
    help="The job with this option, such as bs=4k, if several share a name.  May be repeated.",
)
@click.option(
    "--sessions/--runs",
    "by_session",
    default=True,
    help="One point for each session of measuring (the median of its runs), or for each run.  "
    "Changes are found between sessions either way.  [default: --sessions]",
)
@click.option(
    "--min-effect",
    type=ShareType(),
    default=f"{change_points.MIN_EFFECT:.0%}",
    show_default=True,
    metavar="SHARE",
    help="The smallest change to tell.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print the points as CSV.")
@json_option("points and changes as JSON")
def command(
    folder: str,
    metric: str,
    job: str | None,
    direction: str | None,
    where: tuple[str, ...],
    by_session: bool,
    min_effect: float,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show a metric over the results in FOLDER, by time, and when it changed for good.

    Shows each job and direction, unless they are chosen.  Jobs that share a name but differ
    in what they do (another block size, another depth) are shown separately.  A session is
    measuring without a reboot, and without a pause of half an hour.

    A change is reported if noise would hardly ever show one like it, even noise that is
    correlated from session to session, or that switches between two levels.  It is at least
    --min-effect, and has 3 sessions or more on either side.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json contradict each other", "give one of them")
    if not 0 <= min_effect < 1:
        raise UsageError(f"--min-effect must be a share below 1, not {min_effect:g}")
    options = [_option(text) for text in where]
    if not Path(folder).is_dir():
        raise UsageError(
            f"{folder} is no folder of results",
            f"name one, such as {reference.default_folder()} or a gate's baseline",
        )
    selected = selection.select(folder, reference.default_folder())
    for text in selected.left_out:
        say(f"warning: left out: {text}")
    found = history.find_series(selected.runs, metric, job=job, direction=direction, where=options)
    if as_csv or as_json:
        found = [history.only(found)]
    for series in found:
        _warn(series)
    found = [series for series in found if series.runs]
    if not found:
        raise UsageError(f"no result has a value of {metric} above 0")
    if as_csv:
        _print_csv(metric, found[0].points(by_session=by_session))
        return
    told = [
        (series, series.changes(by_session=by_session, min_effect=min_effect)) for series in found
    ]
    if as_json:
        answer(json.dumps(_document(*told[0], by_session=by_session)), is_document=True)
    else:
        width = min(shutil.get_terminal_size().columns, 120)
        charts = (
            history_chart.render(series, changes, width, by_session=by_session)
            for series, changes in told
        )
        answer("\n\n".join(charts))


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--where {text}: write it as OPTION=VALUE")
    return name.strip().replace("-", "_"), value.strip()


def _warn(series: Series) -> None:
    """Of what is lacking, and of what differs between the runs."""
    job = f"job {history_chart.name_of(series)}"
    if series.lacking:
        results = series.lacking + len(series.runs)
        say(
            f"warning: {series.lacking} of {results} results of {job} are left out: "
            f"they have no {series.key.metric} above 0"
        )
    if series.mixed:
        names = ", ".join(series.mixed)
        say(
            f"warning: not all results of {job} were measured under the same conditions: "
            f"{names} differ"
        )


def _print_csv(metric: str, points: Sequence[Point]) -> None:
    """The time first, then the value under its metric's name, as change-point tools read it."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("time", metric))
    writer.writerows((point.started_at, point.value) for point in points)


def _document(
    series: Series, changes: Sequence[ChangePoint], *, by_session: bool
) -> dict[str, object]:
    return {
        "schema": 1,
        "kind": "history",
        **series.key._asdict(),
        "options": {name: json.loads(value) for name, value in series.kind.options},
        "better": METRICS[series.key.metric].better,
        "point": "session" if by_session else "run",
        "points": [vars(point) for point in series.points(by_session=by_session)],
        "changes": [{**vars(change), "ratio": change.ratio} for change in changes],
    }
