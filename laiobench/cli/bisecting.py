"""Runs a bisection for `bisect`: its trials, a line for each on the terminal, its document.

Knows the terminal, the shell commands and the file.  `laiobench.comparison` decides which
revision is measured next.
"""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from laiobench.cli import exports
from laiobench.cli.console import answer, say
from laiobench.cli.progress import Screen, is_shown, progress
from laiobench.cli.saved import Place, save_and_print
from laiobench.cli.stopping import SignalControl, leave_at_once, stop_on_signals
from laiobench.cli.time_left import TimeLeft
from laiobench.cli.write_options import WriteOptions
from laiobench.comparison.bisection.trials import RevisionTrials
from laiobench.comparison.hooks import RevisionCommands
from laiobench.errors import ExitCode
from laiobench.jobs.options import Job
from laiobench.jobs.sources import Draft, Setting, resolve
from laiobench.jobs.sources.fio_readings import notes_of_run
from laiobench.jobs.sources.flags import Flags
from laiobench.jobs.sources.load import gather
from laiobench.measurement.plan.placement import check_measured
from laiobench.measurement.targets import Permission
from laiobench.report.text import bisection_table
from laiobench.results.bisection import BisectionResult
from laiobench.results.run_result import RunResult

PLACE = "{rev}"
"""Stands for a revision's name in commands, sources and options."""


# ---- what is under test ----------------------------------------------------------


@dataclass(frozen=True)
class JobsOfRevisions:
    """The jobs of the command line, which may differ by revision: `{rev}` may be in it."""

    sources: tuple[str, ...]
    sections: tuple[str, ...]
    flags: Flags

    @property
    def differ(self) -> bool:
        """Whether the command line has `{rev}`, so that each revision has other jobs."""
        of_drafts = [draft.settings for draft in self.flags.drafts]
        settings = [each for layer in (self.flags.settings, *of_drafts) for each in layer.values()]
        written = [*self.sources, *(each.value for each in settings)]
        return any(PLACE in text for text in written if isinstance(text, str))

    def of(self, revision: str) -> tuple[list[Job], list[str]]:
        """The jobs of a revision, and notes about their options.

        Raises:
            UsageError: something is wrong in a source.
        """
        flags = replace(
            self.flags,
            settings=_filled(self.flags.settings, revision),
            drafts=tuple(
                Draft(draft.name, _filled(draft.settings, revision), draft.is_fio)
                for draft in self.flags.drafts
            ),
        )
        sources = [source.replace(PLACE, revision) for source in self.sources]
        drafts = gather(sources, flags, os.environ, self.sections)
        jobs = resolve(drafts)
        check_measured(jobs)
        return jobs, notes_of_run(drafts, jobs)


def _filled(settings: Mapping[str, Setting], revision: str) -> dict[str, Setting]:
    def value(setting: Setting) -> Setting:
        if not isinstance(setting.value, str) or PLACE not in setting.value:
            return setting
        return replace(setting, value=setting.value.replace(PLACE, revision))

    return {name: value(setting) for name, setting in settings.items()}


class CommandSubject:
    """Revisions that shell commands prepare, and that jobs of the command line measure."""

    def __init__(
        self,
        jobs: JobsOfRevisions,
        commands: RevisionCommands,
        allowed: Permission,
        screen: Screen,
    ) -> None:
        self._jobs, self._commands = jobs, commands
        self._allowed, self._screen = allowed, screen
        self._read: tuple[str, list[Job], list[str]] | None = None

    @property
    def is_prepared(self) -> bool:
        """Whether there is a command to prepare a revision."""
        return self._commands.prepare is not None

    def prepare(self, revision: str) -> None:
        """Prepare a revision, and forget the jobs: the command may have changed their files."""
        self._read = None
        self._commands.install({"rev": revision})

    def measure(self, revision: str) -> RunResult:
        """Run a trial, with --setup before and --cleanup after it."""
        values = {"rev": revision}
        if self._read is None or self._read[0] != revision:
            self._read = (revision, *self._jobs.of(revision))
        _, jobs, notes = self._read
        self._commands.before(values)
        try:
            return self._screen.run(jobs, self._allowed, notes)
        finally:
            self._commands.after(values)


# ---- trials ----------------------------------------------------------------------


def bisect(
    trials: RevisionTrials,
    jobs: JobsOfRevisions,
    place: Place,
    writing: WriteOptions,
    wanted: Sequence[exports.Export],
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run the trials, save and print the bisection; returns the exit code."""
    design = trials.design
    commands = RevisionCommands(design.prepare, design.setup, design.cleanup)
    # Until the document is saved, a signal ends the trials, but not the program.
    with stop_on_signals() as control:
        with progress(control, quiet=quiet) as screen:
            allowed = writing.permission(lambda: control.stop)
            subject = CommandSubject(jobs, commands, allowed, screen)
            teller = _Teller(screen, trials, is_shown=is_shown(quiet=quiet))

            def after_trial(made: RevisionTrials) -> None:
                place.save_now_and_then(lambda: made.document("interrupted"))
                teller.after_trial(made)

            found = trials.run(subject, control=control, tell=teller.tell, after_trial=after_trial)
        code = _report(found, place, wanted, control, as_json=as_json, quiet=quiet)
        if control.leave:
            leave_at_once()
    return code


class _Teller:
    """Prints a line for each trial: what is known now, and the time left."""

    def __init__(self, screen: Screen, trials: RevisionTrials, *, is_shown: bool) -> None:
        self._screen, self._is_shown = screen, is_shown
        self._time_left: TimeLeft | None = None
        self._bits = trials.bits_left

    def tell(self, text: str) -> None:
        """Print what is done between trials, such as preparing a revision."""
        if self._is_shown:
            self._screen.end()
            self._screen.tell(text)

    def after_trial(self, trials: RevisionTrials) -> None:
        """Print the line for the latest trial."""
        if not self._is_shown:
            return
        left, gained = trials.bits_left, self._bits - trials.bits_left
        told = bisection_table.progress(trials.document("interrupted"))
        if gained > 0:
            # The time left is estimated from trials of the search, not of the two ends.
            self._time_left = self._time_left or TimeLeft()
            told += "   " + self._time_left.after(gained, left)
        self.tell(told.rstrip())


def _report(
    found: BisectionResult,
    place: Place,
    wanted: Sequence[exports.Export],
    control: SignalControl,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Save and print the bisection; returns the exit code."""

    def print_all() -> None:
        answer(found.to_json() if as_json else bisection_table.render(found), is_document=as_json)
        sys.stdout.flush()
        exports.write_all(wanted, found)

    if not save_and_print(found, place, print_all, control, quiet=quiet):
        return ExitCode.RUN_FAILED
    if found.status != "ok" or found.answer == "undecided":
        say(f"go on with the same command and --resume {shlex.quote(str(place.path))}")
    return found.exit_code


def names_revision(*texts: Any) -> bool:
    """Whether a revision's name is in one of them."""
    return any(isinstance(text, str) and PLACE in text for text in texts)
