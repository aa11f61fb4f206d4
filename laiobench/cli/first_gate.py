"""`gate --init`: writes the files of a first gate, which are policy, jobs, workflow and `ci/use`.

It calibrates first, if the jobs are not calibrated.  No file is overwritten: a job file or
`ci/use` that exists is the user's and is used as it is; if the policy or the workflow
exists, that is an error before anything is measured.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from laiobench.cli.calibrating import calibrate_and_save
from laiobench.cli.console import say
from laiobench.cli.time_left import roughly
from laiobench.cli.write_options import WriteOptions
from laiobench.comparison.gate import suggest_policy
from laiobench.comparison.gate.policy import Policy
from laiobench.errors import RunError, UsageError
from laiobench.jobs.options import Job, traits
from laiobench.jobs.sources import profiles, toml_text
from laiobench.jobs.sources.flags import Flags, from_environment
from laiobench.jobs.sources.load import gather
from laiobench.jobs.sources.resolve import resolve
from laiobench.results import store, this_machine
from laiobench.results.calibration import (
    DEFAULT_LENGTHS_S,
    DEFAULT_PAIRS,
    SIDES,
    Calibration,
    LengthCalibration,
)
from laiobench.results.comparison_proof import ARMS_OF

JOB_FILE = Path("ci/storage.toml")
USE = Path("ci/use")
WORKFLOWS = {
    "github": (Path(".github/workflows/storage.yml"), "github.yml"),
    "gitlab": (Path(".gitlab-ci.yml"), "gitlab.yml"),
}
_RECIPES = "laiobench.recipes"

# The options that set a trial's length: a calibration chooses these itself.
_OF_LENGTH = ("runtime", "time_based", "number_ios")
# Where the noise is from, and what the policy calls the jobs: though neither changes the I/O.
_TOLD_APART_BY = ("name", "filename", "directory")


@dataclass(frozen=True)
class FirstGate:
    """A first gate, as the options of `gate --init` ask for it."""

    policy_file: Path
    calibration_file: Path | None
    widest: float
    ci: str | None
    quiet: bool

    def begin(self) -> None:
        """Calibrate if need be, and write the files that do not exist.

        Raises:
            UsageError, RunError: the policy or the workflow exists, or the noise hides too much;
                no file is written.
        """
        workflow = WORKFLOWS[self.ci] if self.ci else None
        for path in (self.policy_file, *([workflow[0]] if workflow else [])):
            if os.path.lexists(path):
                raise _is_there(path)
        known = self._calibration()
        made = suggest_policy.from_calibration(known, widest=self.widest)
        length = suggest_policy.best_length(known)
        if not os.path.lexists(JOB_FILE) and known.jobs:
            _write(JOB_FILE, _job_file(known, length))
        if workflow:
            if not os.path.lexists(USE):
                _write(USE, _recipe("use"), mode=0o755)
            _write(workflow[0], _recipe(workflow[1]))
        _write(
            self.policy_file,
            _policy(known, length, made),
            told=f": {len(made.metric)} metrics, from {made.pairs.min} to {made.pairs.max} pairs",
        )
        say(_how_long(made, length))

    def _calibration(self) -> Calibration:
        """The calibration that was named.

        Else this machine's, if it fits the jobs; else a new one.
        """
        if self.calibration_file:
            named = this_machine.load_calibration(self.calibration_file)
            return _fitting(named, self.calibration_file)
        is_known = os.path.lexists(this_machine.state_path())
        if os.path.lexists(JOB_FILE):
            origin, jobs = str(JOB_FILE), resolve(gather([str(JOB_FILE)], Flags(), os.environ))
            lengths_s = sorted({float(job.runtime) for job in jobs if job.runtime})
            if is_known and (known := _of_jobs(this_machine.load_calibration(), jobs, lengths_s)):
                return known
        elif is_known:
            return this_machine.load_calibration()
        else:
            origin, jobs = "4 KiB random reads of a scratch file", _sample()
            lengths_s = sorted({float(job.runtime) for job in jobs if job.runtime})
        return self._calibrate(jobs, origin, lengths_s or list(DEFAULT_LENGTHS_S))

    def _calibrate(
        self, jobs: Sequence[Job], origin: str, lengths_s: Sequence[float]
    ) -> Calibration:
        if writing := [job for job in jobs if job.writes and job.filename]:
            raise UsageError(
                f"{JOB_FILE} is not calibrated here, and its job {writing[0].name} writes to "
                f"{writing[0].filename}, for which --init asks no permission",
                f"`laiobench calibrate {JOB_FILE} --allow-write={writing[0].filename}` first",
            )
        path = this_machine.state_path()
        store.check_output(path)
        if not self.quiet:
            trials = len(lengths_s) * DEFAULT_PAIRS * len(SIDES)
            say(f"not calibrated yet: {origin}: {trials} trials, to learn how wide the noise is")
        made = calibrate_and_save(
            jobs,
            path,
            lengths_s=lengths_s,
            pairs=DEFAULT_PAIRS,
            seed=None,
            writing=WriteOptions(allow_write=(), yes=False, force_signature=False, readonly=False),
            said=(),
            quiet=self.quiet,
        )
        for warning in made.warnings:
            say(f"warning: {warning.seen}: {warning.why}\n  {warning.do}")
        return made


# ---- jobs ------------------------------------------------------------------------


def _recipe(name: str) -> str:
    return files(_RECIPES).joinpath(name).read_text(encoding="utf-8")


def _sample() -> list[Job]:
    """The jobs of the recipe, with options from the environment, such as LAIOBENCH_FILENAME."""
    source = profiles.parse(_recipe(JOB_FILE.name), f"the sample {JOB_FILE}", ".toml")
    return resolve([draft.under(from_environment(os.environ)) for draft in source.drafts])


def _fitting(known: Calibration, path: Path) -> Calibration:
    """The part of a named calibration that is about the jobs of the job file, if that exists.

    Raises:
        UsageError: it is about other jobs, or trials of another length.
    """
    if not os.path.lexists(JOB_FILE):
        return known
    jobs = resolve(gather([str(JOB_FILE)], Flags(), os.environ))
    lengths_s = sorted({float(job.runtime) for job in jobs if job.runtime})
    if fitting := _of_jobs(known, jobs, lengths_s):
        return fitting
    raise UsageError(
        f"{path} is no calibration of the jobs of {JOB_FILE}: {_difference(known, jobs)}",
        f"`laiobench calibrate {JOB_FILE} --output=FILE` makes one; or move {JOB_FILE} away, and "
        "the jobs that were calibrated are written there",
    )


def _of_jobs(
    known: Calibration, jobs: Sequence[Job], lengths_s: Sequence[float]
) -> Calibration | None:
    """The calibration with only the lengths of these jobs' trials; None if it does not fit them."""
    if _asked(jobs) != _calibrated(known):
        return None
    fitting = [length for length in known.lengths if not lengths_s or length.runtime_s in lengths_s]
    return known.model_copy(update={"lengths": fitting}) if fitting else None


def _difference(known: Calibration, jobs: Sequence[Job]) -> str:
    """The first difference between a calibration's jobs and these, in words."""
    calibrated, asked = _calibrated(known), _asked(jobs)
    if len(calibrated) != len(asked):
        return f"{len(calibrated)} jobs were calibrated, and {len(asked)} are there"
    for was, now in zip(calibrated, asked, strict=True):
        for key in sorted(was.keys() | now.keys()):
            if was.get(key) != now.get(key):
                name = now.get("name", Job().name)
                return f"{key} of job {name} was {_value(was, key)}, and is {_value(now, key)}"
    lengths = ", ".join(f"{length.runtime_s:g} s" for length in known.lengths)
    return f"their runtime is none of those that were calibrated ({lengths or 'none'})"


def _value(job: Mapping[str, Any], key: str) -> str:
    return repr(job[key]) if key in job else "the default"


def _asked(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    return [_what_counts(job.model_dump(mode="json", exclude_defaults=True)) for job in jobs]


def _calibrated(known: Calibration) -> list[dict[str, Any]]:
    """The calibrated jobs, without options that have their default."""
    usual = Job().model_dump(mode="json")
    return [
        {key: value for key, value in _what_counts(job).items() if value != usual.get(key)}
        for job in known.jobs
    ]


def _what_counts(job: Mapping[str, Any]) -> dict[str, Any]:
    """What makes another job of it, whose noise is not known."""
    telling_nothing = {name for name, its in traits().items() if not its.changes_io}.difference(
        _TOLD_APART_BY
    )
    return {
        key: value for key, value in _apart_from_length(job).items() if key not in telling_nothing
    }


def _apart_from_length(job: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in _OF_LENGTH}


# ---- files -----------------------------------------------------------------------


def _job_file(known: Calibration, length: LengthCalibration) -> str:
    timed = {"runtime": length.runtime_s, "time_based": True}
    return toml_text.to_toml(
        [_apart_from_length(job) | timed for job in known.jobs],
        "What the gate judges: the jobs that were calibrated.  Without a filename they are on a\n"
        "scratch file of laiobench's own.  After a change, calibrate again: the thresholds of the\n"
        "policy are for these jobs, and for trials of this runtime.",
    )


def _policy(known: Calibration, length: LengthCalibration, made: Policy) -> str:
    return suggest_policy.to_toml(
        made,
        f"Written by `laiobench gate --init` from the calibration of {known.started_at},\n"
        f"for trials of {length.runtime_s:g} s.\n"
        "Each threshold is above what this machine's noise hides; raise or lower them by what "
        "matters.",
    )


def _write(path: Path, text: str, mode: int = 0o666, told: str = "") -> None:
    """Write a new file, and say so; `told` is added to that line.

    Raises:
        UsageError: it exists.
        RunError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode),
            "w",
            encoding="utf-8",
        ) as file:
            file.write(text)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from None
    say(f"wrote {path}{told}")


def _is_there(path: Path) -> UsageError:
    return UsageError(
        f"{path} is there already, and is not overwritten",
        "move it away" + ("" if path.suffix == ".yml" else ", or name another file with --policy"),
    )


def _how_long(made: Policy, length: LengthCalibration) -> str:
    """A sentence about the time that each gate will take."""
    trial_s = length.trial_s or length.runtime_s
    arms = len(ARMS_OF["both"])
    least, most = ((len(SIDES) + arms) * pairs for pairs in (made.pairs.min, made.pairs.max))
    return (
        f"a live gate (`laiobench ab`) will take about {roughly(least * trial_s)} where it is "
        f"clear, and at most {roughly(most * trial_s)}: {least} to {most} trials of {trial_s:.2g} "
        f"s, half of them the sham and the spike that prove it (--proof), and what {USE} takes "
        f"before each; a stored one, a run: {roughly(trial_s)}"
    )
