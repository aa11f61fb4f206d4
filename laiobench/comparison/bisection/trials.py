"""Runs the trials of a bisection, and makes its document.

Prepares a revision when another one is next, runs its trials, and skips revisions that can't
be measured.  With several metrics each has a search of its own in the same trials, until one
of them shows first that the ends differ; from then on that one decides.  Knows no terminal
and no file.  `laiobench.comparison.bisection.search` chooses the next revision.
"""

import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from laiobench import native
from laiobench.comparison.attempt import Failure, attempt
from laiobench.comparison.bisection.costs import preparation_s, trial_s
from laiobench.comparison.bisection.search import Answer, Bisection, Rules
from laiobench.comparison.bisection.values import changes, step_change, worse
from laiobench.comparison.hooks import CommandFailed
from laiobench.comparison.trial_warnings import of_trials
from laiobench.comparison.values import Unmeasurable, values
from laiobench.errors import ExitCode, LaiobenchError, UsageError
from laiobench.measurement.control import Control
from laiobench.results.bisection import (
    BisectedMetric,
    BisectionDesign,
    BisectionResult,
    Preparation,
    Revision,
)
from laiobench.results.comparison import ComparedTrial, Status
from laiobench.results.digest import digest
from laiobench.results.metrics import METRICS, Key
from laiobench.results.run_result import RunResult, Tool
from laiobench.version import __version__
from laiobench.words import printable

_EXIT = {
    Answer.FOUND: ExitCode.OK,
    Answer.RANGE: ExitCode.OK,
    Answer.NO_CHANGE: ExitCode.NO_CHANGE,
    Answer.UNDECIDED: ExitCode.INCONCLUSIVE,
}
_OF_STATUS = {"failed": ExitCode.RUN_FAILED, "interrupted": ExitCode.INTERRUPTED}


class Subject(Protocol):
    """The thing that has revisions: prepares and measures them."""

    @property
    def is_prepared(self) -> bool:
        """Whether there is a command to prepare a revision."""
        ...

    def prepare(self, revision: str) -> None:
        """Prepare a revision.  Raises LaiobenchError: it can't be prepared."""
        ...

    def measure(self, revision: str) -> RunResult:
        """Run a trial of the revision that was prepared last."""
        ...


class RevisionTrials:
    """A bisection while it runs.

    Args:
        revisions: the good end first, the bad one last; only names and titles are used.
        design: what the user asked for.
        argv: the command line.
        is_prepared: whether revisions are prepared one by one.
    """

    def __init__(
        self,
        revisions: Sequence[Revision],
        design: BisectionDesign,
        argv: Sequence[str],
        *,
        is_prepared: bool,
    ) -> None:
        self.revisions, self.design = list(revisions), design
        self.trials: list[ComparedTrial] = []
        self._argv, self._is_prepared = list(argv), is_prepared
        self._started_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self._number = {revision.name: at for at, revision in enumerate(revisions)}
        self._values: list[dict[Key, float]] = []
        self._searches: dict[Key, Bisection] = {}
        self._chosen: Key | None = None
        self._unmeasurable: dict[Key, str] = {}
        self._skipped: dict[int, str] = {}
        self._preparations: list[Preparation] = []
        self._installed: int | None = None
        self._block = -1
        self._trials_s: list[float] = []
        self._failures: list[str] = []
        self._ended: str | None = None

    def take_up(self, earlier: BisectionResult) -> None:
        """Take over the trials made before an interruption.

        Raises:
            UsageError: they are of other revisions, or options differ.
        """
        if [each.name for each in earlier.revisions] != [each.name for each in self.revisions]:
            raise UsageError(
                "the revisions are not those that the bisection was begun with",
                "name both ends by what does not move, or begin anew without --resume",
            )
        for name in ("metrics", "direction", "threshold", "prepare", "setup", "cleanup"):
            had, given = getattr(earlier.design, name), getattr(self.design, name)
            if had != given:
                raise UsageError(
                    f"the bisection was begun with --{name.removesuffix('s')} {had!r}, "
                    f"and not {given!r}",
                    "repeat the command as it was, with --resume",
                )
        self.design = self.design.model_copy(update={"seed": earlier.design.seed})
        self._started_at, self._preparations = earlier.started_at, list(earlier.preparations)
        for trial in earlier.trials:
            if trial.run.status == "ok":
                is_anew = trial.block != self._block
                self._block = trial.block
                self._take(self._number[trial.variant], trial.run, is_anew=is_anew)
        for at, revision in enumerate(earlier.revisions):
            if revision.skipped and self._lead:
                self._skip(at, revision.skipped)
        self._installed = None  # anything may have been done to the machine since

    # ---- trials ----------------------------------------------------------------

    def run(
        self,
        subject: Subject,
        *,
        control: Control,
        tell: Callable[[str], None],
        after_trial: Callable[["RevisionTrials"], None],
    ) -> BisectionResult:
        """Run the trials that are missing.

        Args:
            subject: prepares and measures revisions.
            control: lets a signal handler stop it.
            tell: is called with a sentence when a revision is prepared or skipped.
            after_trial: is called after each trial.

        Raises:
            UsageError: the first trial found that what was asked for can't be done.
        """
        began_s = time.monotonic()
        status: Status | None = None
        while status is None and not self._is_over(time.monotonic() - began_s):
            made = len(self.trials)
            status = self._make(subject, control, tell)
            if len(self.trials) > made and status is None:
                after_trial(self)
        return self.document(status or "ok")

    def _is_over(self, passed_s: float) -> bool:
        if not self._lead:
            return False
        if self._lead.finding().answer != Answer.UNDECIDED:
            return True
        most, most_s = self.design.max_trials, self.design.max_time_s
        if most is not None and len(self.trials) >= most:
            self._ended = f"there were {most} trials, as many as --max-trials allows"
        elif most_s is not None and passed_s + self._price(self._next()) > most_s:
            self._ended = f"another trial would not have ended within {most_s:g} s (--max-time)"
        return self._ended is not None

    def _make(
        self, subject: Subject, control: Control, tell: Callable[[str], None]
    ) -> Status | None:
        """Run a trial of the next revision, or skip it; returns why all ends here, or None."""
        revision = self._next()
        is_anew = subject.is_prepared and revision != self._installed
        if control.stop:
            return "interrupted"
        if is_anew:
            self._installed = None
            tell(f"preparing {self._called(revision)}")
            if failure := self._prepare(subject, revision):
                if control.stop:
                    return "interrupted"
                was_ended = isinstance(failure, CommandFailed) and failure.was_ended
                return self._cannot(revision, failure.problem, tell, is_fatal=was_ended)
            self._installed = revision
        began_s = time.monotonic()
        name = self.revisions[revision].name
        result = attempt(lambda: subject.measure(name), control, is_first=not self.trials)
        if result is None:
            return "interrupted"
        if isinstance(result, Failure):
            if is_anew:
                self._installed = None  # the failed trial may have left it in any state
            return self._cannot(revision, result.why, tell)
        self._block += is_anew or not subject.is_prepared
        if why := self._take(revision, result, is_anew=is_anew):
            return self._cannot(revision, why, tell)
        self._trials_s.append(time.monotonic() - began_s)
        return None

    def _prepare(self, subject: Subject, revision: int) -> LaiobenchError | None:
        name, began_s, failure = self.revisions[revision].name, time.monotonic(), None
        try:
            subject.prepare(name)
        except LaiobenchError as error:
            failure = error
        self._preparations.append(
            Preparation(
                revision=name,
                took_s=time.monotonic() - began_s,
                failure=None if failure is None else printable(failure.problem),
            )
        )
        return failure

    def _cannot(
        self, revision: int, why: str, tell: Callable[[str], None], *, is_fatal: bool = False
    ) -> Status | None:
        """Skip a revision that can't be measured; fail if it is an end, or `is_fatal`."""
        is_end = revision in (0, len(self.revisions) - 1)
        if is_end or is_fatal:
            end = {0: "the good end, ", len(self.revisions) - 1: "the bad end, "}.get(revision, "")
            self._failures.append(f"{end}{self._called(revision)}: {why}")
            return "failed"
        self._skip(revision, why)
        tell(f"skipped {self._called(revision)}: {why}")
        return None

    def _skip(self, revision: int, why: str) -> None:
        self._skipped[revision] = printable(why)
        for search in self._searches.values():
            search.skip(revision)

    def _called(self, revision: int) -> str:
        found = self.revisions[revision]
        return f"{found.name} {found.title}".rstrip()

    # ---- what is known ---------------------------------------------------------

    @property
    def _lead(self) -> Bisection | None:
        """The search that decides.

        Until one is chosen, that which is surest that the ends differ.
        """
        if self._chosen is None and self._searches:
            return min(self._searches.values(), key=lambda search: search.no_change)
        return self._searches[self._chosen] if self._chosen else None

    @property
    def key(self) -> Key | None:
        """The metric of the search that decides."""
        return next((key for key, each in self._searches.items() if each is self._lead), None)

    def _next(self) -> int:
        lead = self._lead or Bisection(len(self.revisions), Rules(), self.design.seed)
        return lead.next(self._price)

    def _take(self, revision: int, run: RunResult, *, is_anew: bool) -> str | None:
        """Keep a good trial; returns why nothing can be learned from it, or None."""
        read = values(digest(run))
        if not self.trials:
            self._begin_searches(list(read))
        wanted = [self._chosen] if self._chosen else list(self._searches)
        seen = {key: worse(read.get(key), METRICS[key.metric]) for key in wanted}
        good = {key: value for key, value in seen.items() if isinstance(value, float)}
        for key in wanted:
            if key not in good:
                value = seen[key]
                self._unmeasurable[key] = value.reason if isinstance(value, Unmeasurable) else ""
        if not good:
            reasons = "; ".join(dict.fromkeys(filter(None, self._unmeasurable.values())))
            return f"nothing of it can be compared: {reasons}"
        if not self._chosen:
            self._searches = {key: each for key, each in self._searches.items() if key in good}
        self.trials.append(
            ComparedTrial(
                variant=self.revisions[revision].name,
                block=max(self._block, 0),
                position=len(self.trials),
                run=run,
            )
        )
        self._values.append(good)
        for key, value in good.items():
            self._searches[key].observe(
                revision, value, is_prepared_anew=is_anew and self._is_prepared
            )
        self._choose()
        return None

    def _begin_searches(self, keys: Sequence[Key]) -> None:
        chosen = [key for key in keys if key.metric in self.design.metrics]
        if not chosen:
            raise UsageError(
                "no job has any of these metrics: " + ", ".join(self.design.metrics),
                "name another one with --metric",
            )
        rules = Rules(
            confidence=self.design.confidence,
            threshold=math.log1p(self.design.threshold),
            is_any_direction=self.design.direction == "any",
            family=len(chosen),
            is_prepared=self._is_prepared,
        )
        self._searches = {
            key: Bisection(len(self.revisions), rules, self.design.seed) for key in chosen
        }

    def _choose(self) -> None:
        """Choose the search that decides, once one shows that the ends differ."""
        if self._chosen is None and self._lead and self._lead.ends_differ:
            self._chosen = self.key

    def _price(self, revision: int) -> float:
        """The expected time of a trial of a revision, with preparing it, in s."""
        if not self._is_prepared or revision == self._installed:
            return trial_s(self._trials_s)
        name = self.revisions[revision].name
        return trial_s(self._trials_s) + preparation_s(name, self._preparations)

    # ---- the document ----------------------------------------------------------

    @property
    def bits_left(self) -> float:
        """The missing information in bits; all of it until the ends are known to differ."""
        if self._chosen and self._lead:
            return self._lead.bits_left
        return math.log2(max(2, len(self.revisions) - 1))

    def document(self, status: Status) -> BisectionResult:
        """The document of the trials so far."""
        lead, key = self._lead, self.key
        found = lead.finding() if lead else None
        last = len(self.revisions) - 1
        answer = found.answer if found else Answer.UNDECIDED
        code = _OF_STATUS.get(status, _EXIT[answer])
        return BisectionResult(
            status=status,
            failures=[printable(each) for each in self._failures],
            answer=answer.value,
            ended=self._ended,
            exit_code=code,
            tool=Tool(version=__version__, build=native.source_hash()),
            argv=[printable(word) for word in self._argv],
            started_at=self._started_at,
            design=self.design,
            metric=None if key is None else BisectedMetric(
                job=key.job, direction=key.direction, metric=key.metric,
                better=METRICS[key.metric].better,
            ),
            last_without=self.revisions[found.last_without if found else 0].name,
            first_with=self.revisions[found.first_with if found else last].name,
            probability=found.probability if found else 0.0,
            change=step_change(lead.step, METRICS[key.metric]) if lead and key else None,
            revisions=self._known(lead, key),
            preparations=self._preparations,
            trials=self.trials,
            warnings=of_trials([trial.run for trial in self.trials]),
        )  # fmt: skip

    def _known(self, lead: Bisection | None, key: Key | None) -> list[Revision]:
        if lead is None or key is None:
            return self.revisions
        numbers = [self._number[trial.variant] for trial in self.trials]
        seen = [value[key] for value in self._values]
        change_of = changes(numbers, seen)
        return [
            revision.model_copy(
                update={
                    "trials": lead.trials.get(at, 0),
                    "skipped": self._skipped.get(at),
                    "change": change_of.get(at),
                    "probability": lead.probability_of(at),
                    "has_change": lead.probability_by(at),
                }
            )
            for at, revision in enumerate(self.revisions)
        ]
