"""NativeRun: a run in the core, from its plan to its reports.

The GIL is released in every call that waits.
"""

import errno
from typing import Any, Self

from laiobench.errors import NotNow, RunError
from laiobench.jobs.options.engines import ENGINES
from laiobench.native._core import ffi, lib
from laiobench.native.failures import Explained, explain_failure
from laiobench.native.plans import RunPlan, to_native
from laiobench.native.reports import (
    BinsRoom,
    JobInFlight,
    RunReport,
    Sample,
    Totals,
    TotalsByDirection,
    read_clock,
    read_direction_totals,
    read_in_flight,
    read_job,
    read_sample,
    read_totals,
    read_worker,
)
from laiobench.native.structures import text_of
from laiobench.system.aio_events import aio_room


class NativeRun:
    """A run in the core, set up when constructed; `close()` frees it.

    Raises:
        RunError: it could not be set up.
    """

    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._check_room()
        native, self._keep_alive = to_native(plan)
        error = ffi.new("Error *")
        self._run = lib.run_new(native, error)
        if self._run == ffi.NULL:
            kind = NotNow if error.code == errno.EAGAIN else RunError
            raise kind(*self._setup_failure(error))
        self._room = BinsRoom()

    def _events(self) -> int:
        """How many AIO events the run asks the kernel for."""
        jobs = [plan.job for plan in self._plan.jobs]
        return sum(job.iodepth for job in jobs if ENGINES[job.engine].uses_aio_events)

    def _check_room(self) -> None:
        """Refuse at once if there are too few: setting up many jobs takes seconds and gigabytes."""
        events = self._events()
        if not aio_room().has(events):
            raise NotNow(*explain_failure("io_setup", errno.EAGAIN, events))

    def _setup_failure(self, error: Any) -> Explained:
        call = text_of(error.call)
        asked = error.argument
        if call == "io_setup":  # by now, the run's own events have been given back
            asked = self._events()
        return explain_failure(call, error.code, asked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the run.  Waits for I/Os in flight: call `collect()` before."""
        if self._run != ffi.NULL:
            lib.run_free(self._run)
            self._run = ffi.NULL

    def start(self) -> None:
        """Let the jobs begin."""
        lib.run_start(self._run)

    def wait(self, timeout_s: float) -> bool:
        """Wait until all jobs have finished, `timeout_s` has passed, or a signal comes.

        Returns whether all jobs have finished.  A worker that is_main runs in this call.
        """
        return bool(lib.run_wait(self._run, max(0, int(timeout_s * 1000))))

    def stop(self) -> None:
        """Ask all jobs to issue no more I/Os."""
        lib.run_stop(self._run)

    def stop_job(self, job: int) -> None:
        """Ask one job to issue no more I/Os."""
        lib.run_stop_job(self._run, job)

    def totals(self, job: int) -> Totals:
        """A job's totals; cheap enough to call often."""
        return read_totals(self._run, job)

    def direction_totals(self, job: int) -> TotalsByDirection:
        """A job's totals by direction, and their time."""
        return read_direction_totals(self._run, job)

    def sample(self, job: int) -> Sample:
        """What a job did since its last sample."""
        return read_sample(self._run, job, self._room)

    def in_flight(self, job: int, max_oldest: int) -> JobInFlight:
        """A job's I/Os in flight; may be called at any time, from any thread."""
        return read_in_flight(self._run, job, max_oldest)

    def collect(self) -> RunReport:
        """All reports, also on jobs that have not finished."""
        return RunReport(
            jobs=tuple(
                read_job(self._run, index, self._room) for index in range(len(self._plan.jobs))
            ),
            workers=tuple(
                read_worker(self._run, index, worker.name)
                for index, worker in enumerate(self._plan.workers)
            ),
            clock=read_clock(self._run),
        )
