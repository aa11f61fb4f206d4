"""What the runner does when Python fails in the middle of a run."""

import subprocess
import sys

import pytest

from program import Program

# In a process of its own, which can be ended if it waits for the runtime after all.
_SCRIPT = """
from laiobench.job import Job
from laiobench.runner import run_jobs

def watch(progress):
    raise RuntimeError("whoever watches has failed")

run_jobs([Job(filename=%r, rw="randread", time_based=True, runtime="300", %s)], watch=watch)
"""


@pytest.mark.parametrize("options", ["", "iothread='main'"])
def test_an_error_of_whoever_watches_ends_the_jobs(program: Program, options: str) -> None:
    """Closing a run waits for its jobs: they are not left to run for their 300 s."""
    target = program.folder / "target.bin"
    target.write_bytes(bytes(1 << 20))
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT % (str(target), options)],
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "RuntimeError: whoever watches has failed" in done.stderr
