"""`laiobench gate`: judges a candidate by a policy, and keeps the baseline."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from laiobench.cli import exports
from laiobench.cli.console import answer, say
from laiobench.cli.params import PathType, ShareType
from laiobench.cli.shared_options import (
    WHERE_NAMED_RESULTS_ARE,
    json_option,
    quiet_option,
    results_option,
)
from laiobench.comparison.gate import baseline, policy, suggest_policy
from laiobench.comparison.gate.policy import Policy
from laiobench.comparison.sessions import MIN_SESSIONS
from laiobench.errors import ExitCode, UsageError
from laiobench.report.text import comparison_table, gate_table, remarks
from laiobench.results import selection
from laiobench.results.comparison import Comparison
from laiobench.results.digest import RunDigest
from laiobench.results.selection import Selection

DEFAULT_POLICY = Path("gate.toml")
MAX_THRESHOLD = suggest_policy.WIDEST


@click.command("gate", short_help="Judge a candidate by a policy.")
@click.argument("base", required=False)
@click.argument("candidate", required=False)
@click.option(
    "--policy",
    "policy_file",
    type=PathType(),
    metavar="FILE",
    default=DEFAULT_POLICY,
    show_default=True,
    help="Says which metric may get worse by how much.",
)
@json_option()
@exports.option("gate")
@results_option(WHERE_NAMED_RESULTS_ARE)
@click.option(
    "--update-baseline",
    is_flag=True,
    help="Then add CANDIDATE to the folder BASE as a session, unless it failed, regressed or is "
    "inconclusive.",
)
@click.option(
    "--accept",
    is_flag=True,
    help="With --update-baseline: also if it regressed or is inconclusive.",
)
@click.option(
    "--pin",
    "is_pin",
    is_flag=True,
    help="Begin anew to add up small losses: from the newest "
    f"{MIN_SESSIONS} sessions of BASE on, or with --update-baseline from CANDIDATE on, if it is "
    "added.",
)
@click.option(
    "--init",
    "is_init",
    is_flag=True,
    help="Write a policy, and the jobs that it is for as ci/storage.toml.  Calibrates first, if "
    "these jobs are not calibrated yet.  Overwrites no file.",
)
@click.option(
    "--ci",
    type=click.Choice(("github", "gitlab")),
    help="With --init: also write a workflow, and ci/use, which puts a variant in place.",
)
@click.option(
    "--calibration",
    "calibration_file",
    type=PathType(),
    metavar="FILE",
    help="With --init: use this calibration, not this machine's newest.",
)
@click.option(
    "--max-threshold",
    type=ShareType(),
    metavar="SHARE",
    help="With --init: write no policy if the noise hides larger changes.  [default: "
    f"{MAX_THRESHOLD:.0%}]",
)
@quiet_option("No remarks.")
def command(
    base: str | None,
    candidate: str | None,
    policy_file: Path,
    as_json: bool,
    export_texts: tuple[str, ...],
    results: Path,
    update_baseline: bool,
    accept: bool,
    is_pin: bool,
    is_init: bool,
    calibration_file: Path | None,
    max_threshold: float | None,
    ci: str | None,
    quiet: bool,
) -> int:
    """Judge the results of CANDIDATE against those of BASE, and exit with the verdict.

    \b
    0  pass or improve          3  regress
    1  a run failed             4  inconclusive, where the policy says fail
    2  usage                    5  measured on different machines, or other jobs

    BASE and CANDIDATE are what `laiobench compare` takes.  A baseline is a folder: at least
    5 sessions of measuring, on the machine that measures the candidate; --update-baseline
    makes it and adds to it.  CANDIDATE is compared with the newest sessions, and with those
    that the baseline is pinned to, so that small losses, night after night, add up and are
    found.  To judge without a baseline, measure both in turns:
    `laiobench ab … --policy gate.toml`.
    """
    _check(base, candidate, update_baseline=update_baseline, accept=accept, is_pin=is_pin,
           is_init=is_init, calibration_file=calibration_file, max_threshold=max_threshold,
           is_default_policy=policy_file == DEFAULT_POLICY, ci=ci)  # fmt: skip
    if is_init:
        # Imported here: it needs numpy, which is slow to import.
        from laiobench.cli.first_gate import FirstGate

        FirstGate(policy_file, calibration_file, max_threshold or MAX_THRESHOLD, ci, quiet).begin()
        return ExitCode.OK
    assert base is not None  # _check
    if candidate is None:
        _pin(Path(base), baseline.newest(selection.select(base, results).runs))
        return ExitCode.OK
    return _gate(
        base, candidate, policy_file, export_texts, results,
        as_json=as_json, update=update_baseline, accept=accept, pins=is_pin, quiet=quiet,
    )  # fmt: skip


def _check(
    base: str | None,
    candidate: str | None,
    *,
    update_baseline: bool,
    accept: bool,
    is_pin: bool,
    is_init: bool,
    calibration_file: Path | None,
    max_threshold: float | None,
    is_default_policy: bool,
    ci: str | None,
) -> None:
    """Check that the options go together.

    Raises:
        UsageError: they do not.
    """
    if is_init:
        if base or update_baseline or accept or is_pin:
            raise UsageError("--init judges nothing", "give it without BASE and CANDIDATE")
        if ci and not is_default_policy:
            raise UsageError(f"workflows judge by {DEFAULT_POLICY}: give --ci without --policy")
        if max_threshold is not None and not max_threshold > 0:
            raise UsageError("--max-threshold must be a share above 0, such as 30%")
        return
    if base is None or (candidate is None and not is_pin):
        raise UsageError(
            "a gate needs BASE and CANDIDATE",
            "`laiobench gate baseline/ results/`; or measure both: `laiobench ab … --policy`",
        )
    if calibration_file:
        raise UsageError("--calibration is for --init alone")
    if max_threshold is not None:
        raise UsageError("--max-threshold is for --init alone")
    if ci:
        raise UsageError("--ci is for --init alone")
    _check_changes(Path(base), candidate, update=update_baseline, accept=accept, is_pin=is_pin)


def _check_changes(
    base: Path, candidate: str | None, *, update: bool, accept: bool, is_pin: bool
) -> None:
    """Check the options that change the baseline.

    Raises:
        UsageError: they don't go together, or BASE is no folder.
    """
    if candidate is None and (update or accept):
        raise UsageError("--pin alone adds nothing", "name a CANDIDATE, or leave the others out")
    if accept and not update:
        raise UsageError("--accept does nothing without --update-baseline")
    if is_pin and candidate is not None and not update:
        raise UsageError(
            "--pin with a CANDIDATE is for one that is added: give --update-baseline",
            "to pin the newest sessions of BASE, leave CANDIDATE out",
        )
    if (update or is_pin) and base.exists() and not base.is_dir():
        raise UsageError(f"{base} is a file, and a baseline that is changed is a folder")


# ---- judging ---------------------------------------------------------------------


def _gate(
    base: str,
    candidate: str,
    policy_file: Path,
    export_texts: tuple[str, ...],
    results: Path,
    *,
    as_json: bool,
    update: bool,
    accept: bool,
    pins: bool,
    quiet: bool,
) -> int:
    chosen = policy.load(policy_file)
    wanted = exports.parse(export_texts, "gate", as_json=as_json)
    old = _baseline(base, results, may_be_missing=update)
    if not (old.runs or old.failed or update):
        raise UsageError(
            f"the baseline {base} holds no results that ended well",
            "--update-baseline begins one with CANDIDATE",
        )
    new = selection.read(candidate, results)
    _check_not_paired(old, new, policy_file)
    kept_out = baseline.kept_out(Path(base), old.runs, new.runs)
    judged = judge(old, new, chosen, baseline.pinned_at(Path(base)), kept_out)
    code = report(judged, wanted, as_json=as_json, quiet=quiet)
    for side in (old, new):
        for text in side.interrupted:
            say(f"warning: left out: {text}")
    if update:
        _update(Path(base), old, new, judged, accept=accept, pins=pins)
    return code


def _check_not_paired(old: Selection, new: Selection, policy_file: Path) -> None:
    """Refuse two variants of one live comparison: they are pairs, and sessions are judged here.

    Raises:
        UsageError: they are such variants.
    """
    if len(old.files) == 1 and old.files == new.files and old.variant != new.variant:
        (file,) = old.files
        raise UsageError(
            f"{old.reference} and {new.reference} are variants of one live comparison, which is "
            "judged in pairs",
            f"`laiobench ab --resume {file} --policy {policy_file}` judges it; what was measured "
            "is not measured again",
        )


def _baseline(reference: str, results: Path, *, may_be_missing: bool) -> Selection:
    if may_be_missing and not Path(reference).exists():
        return Selection(reference, ())
    return selection.read(reference, results)


def judge(
    old: Selection,
    new: Selection,
    chosen: Policy,
    pinned_at: datetime | None,
    kept_out: Sequence[RunDigest],
) -> Comparison:
    """Judge stored runs by a policy.

    Raises:
        UsageError: the candidate has no runs, or the policy is about other jobs.
    """
    # Imported here: these need numpy, which is slow to import.
    from laiobench.comparison import stored
    from laiobench.comparison.gate import gate, stored_gate

    document = stored.uncompared(old.runs, new.runs, references=(old.reference, new.reference))
    if failures := [*old.failed, *new.failed]:
        return gate.failed(document, failures, chosen)
    if not new.runs:
        raise UsageError(f"{new.reference} holds no results that ended well")
    if not old.runs:
        return stored_gate.begin(document, new.runs, chosen)
    return stored_gate.judge(
        document, old.runs, new.runs, chosen, kept_out=kept_out, pinned_at=pinned_at
    )


def report(
    judged: Comparison, wanted: Sequence[exports.Export], *, as_json: bool, quiet: bool
) -> int:
    """Print and export the verdict; returns the exit code."""
    if as_json:
        answer(judged.to_json(), is_document=True)
    else:
        differing = comparison_table.differences(judged)
        parts = (differing, gate_table.render(judged))
        answer("\n\n".join(part for part in parts if part), has_verdicts=True)
    sys.stdout.flush()
    exports.write_all(wanted, judged)
    if not quiet:
        for sentence in remarks.remarks(judged):
            say(sentence)
    for sentence in remarks.failures(judged):
        say(sentence)
    assert judged.exit_code is not None  # a policy has judged
    return judged.exit_code


# ---- the baseline ----------------------------------------------------------------


def _update(
    folder: Path, old: Selection, new: Selection, judged: Comparison, *, accept: bool, pins: bool
) -> None:
    """Add the candidate to the baseline, unless it may not join; then say why.

    Raises:
        RunError: it can't be written.
    """
    from laiobench.comparison.gate import stored_gate

    if refusal := stored_gate.why_not_joined(judged, accept=accept):
        say(f"not added to {folder}: {refusal}")
        if stored_gate.is_kept_out(judged):
            baseline.keep_out(folder, new, baseline.kept_out(folder))
            say("it is kept beside the baseline, and counts as noise if later ones pass")
        return
    place = baseline.add_session(folder, new, old.runs)
    say(f"added to the baseline as {place}{_beginning(judged)}")
    if pins:
        _pin(folder, min(run.started_at for run in new.runs))


def _beginning(judged: Comparison) -> str:
    """Which session this is while the baseline has too few to judge by; else empty."""
    known = [metric.baseline_sessions for metric in judged.metrics]
    fewest = min((count for count in known if count is not None), default=MIN_SESSIONS)
    if fewest >= MIN_SESSIONS:
        return ""
    return f": session {fewest + 1} of the {MIN_SESSIONS} that it needs before it judges"


def _pin(folder: Path, since: datetime) -> None:
    baseline.pin(folder, since)
    say(f"the reference of {folder} are the sessions from {since:%Y-%m-%d %H:%M} UTC on")
