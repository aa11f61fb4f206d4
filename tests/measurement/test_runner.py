"""A run ends cleanly when Python code fails in the middle of it."""

import subprocess
import sys

from program import Program

# In a process of its own, which can be ended if it waits for the runtime after all.
_SCRIPT = """
from laiobench.jobs.options import Job
from laiobench.measurement.runner import RunContext, run_jobs

def watch(progress):
    raise RuntimeError("whoever watches has failed")

options = dict(filename=%r, rw="randread", iodepth=8, time_based=True, runtime="300")
run_jobs([Job(**options), Job(**options, iothread="main")], RunContext(watch=watch))
"""


def test_an_error_of_whoever_watches_ends_the_jobs(program: Program) -> None:
    """Closing a run ends its jobs, on threads of their own and on the main one, at once."""
    target = program.folder / "target.bin"
    target.write_bytes(bytes(1 << 20))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT % str(target)],
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "RuntimeError: whoever watches has failed" in done.stderr
