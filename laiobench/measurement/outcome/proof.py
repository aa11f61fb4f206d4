"""Proof that the chosen completion mode really ran, and that nothing was lost.

Each rule compares two numbers that the core counted independently.  If a rule does not
hold, the run did not measure what it claims to, and has failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES, Engine
from laiobench.jobs.options.modes import MODES, Mode
from laiobench.native import WorkerReport


@dataclass(frozen=True)
class Rule:
    """A relation between two numbers, and whether it holds."""

    rule: str
    holds: bool
    left: int
    right: int


def check(job: Job, worker: WorkerReport, *, is_notified: bool = False) -> list[Rule]:
    """All rules that apply to a worker with this job's completion mode.

    `is_notified`: other threads notify it in mid-run, since jobs move or share a limit.
    """
    mode, engine = MODES[job.completion], ENGINES[job.engine]
    return [*_accounts(worker), *_mode(mode, engine, worker, is_notified)]


def _equal(rule: str, left: int, right: int) -> Rule:
    return Rule(rule, left == right, left, right)


def _ended(worker: WorkerReport) -> int:
    return worker.completed + worker.failed + worker.cancelled


def _reaped(worker: WorkerReport) -> int:
    """Requests that came back from the engine; the others never reached it."""
    submit = worker.life["submit"]
    return _ended(worker) - int(submit["rejected"]) - int(submit["withdrawn"])


def _accounts(worker: WorkerReport) -> Iterator[Rule]:
    """What was submitted has ended in one way or another."""
    yield _equal("submitted = completed + failed + cancelled", worker.submitted, _ended(worker))
    by_source = sum(worker.life["reaped"].values())
    yield _equal("reaped by all sources = completions", by_source, _reaped(worker))


def _mode(mode: Mode, engine: Engine, worker: WorkerReport, is_notified: bool) -> Iterator[Rule]:
    """What the mode promises.

    Not counted here: inline and nested reaping, which belong to no mode, and I/Os of the thread
    pool, which carries out misaligned ones.
    """
    by, completions = worker.life["reaped"], _reaped(worker)
    elsewhere = int(by["inline"]) + int(by["nested"]) + int(by["pool"])
    yield _equal(
        f"reaped by {' and '.join(mode.reaped_by)} = completions",
        sum(int(by[reaper]) for reaper in mode.reaped_by) + elsewhere,
        completions,
    )
    if not mode.sleeps_in_flight:
        yield from _awake(worker, is_notified)
    if not mode.looks_before_sleeping:
        yield _equal("poll iterations = 0", int(worker.window["poll"]["iterations"]), 0)
    if mode.takes_each_event:
        yield _all_events(worker, completions, may_be_fewer=engine.coalesces_events)
    if mode.reaps_in_bottom_halves:
        ran, reads = int(worker.life["bh"]["reaps"]), int(worker.life["eventfd"]["reads"])
        yield Rule("bottom halves that reaped <= eventfd reads", ran <= reads, ran, reads)


def _awake(worker: WorkerReport, is_notified: bool) -> Iterator[Rule]:
    window = worker.window
    yield _equal("eventfd reads = 0", int(window["eventfd"]["reads"]), 0)
    yield _equal("sleeps with I/Os in flight = 0", int(window["loop"]["slept_in_flight"]), 0)
    if not is_notified:
        yield _equal("notifier writes = 0", int(window["notify"]["writes"]), 0)


def _all_events(worker: WorkerReport, completions: int, *, may_be_fewer: bool) -> Rule:
    """The kernel adds to the eventfd once for each completion; a short I/O has several."""
    events = int(worker.life["eventfd"]["values"]) + worker.leftover_events
    due = completions + int(worker.life["other"]["short_io"])
    if may_be_fewer:  # what the pool reaped may have come back from the engine before
        return Rule("events in the eventfd <= completions", events <= due, events, due)
    due -= int(worker.life["reaped"]["pool"])
    return _equal("events in the eventfd = completions", events, due)
