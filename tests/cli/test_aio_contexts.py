"""How many AIO contexts a run has, by the kernel's count, and that none is alive at a fork.

A child has the parent's rings, and what it stores there changes them for the parent.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from program import Program

pytestmark = pytest.mark.strace

TRACED = "io_setup,io_destroy,fork,vfork,clone,clone3"
STRACE = ("strace", "-f", "-qq", "-e", f"trace={TRACED}", "-o", "strace.log")

RUN_AND_FORK = """
import os, laiobench
from laiobench import Job

def fork(_):
    if os.fork() == 0:
        os._exit(0)

laiobench.run(Job(filename={file!r}, runtime=1.5, time_based=True), watch=fork)
"""


def contexts_made(log: Path) -> int:
    return len(re.findall(r"io_setup\(.*\) += 0", log.read_text()))


def forks_while_contexts_live(log: Path) -> list[str]:
    """New processes, not threads, between an io_setup and its io_destroy; vfork shares nothing
    that it writes before it is another program."""
    living, forks = 0, []
    for line in log.read_text().splitlines():
        if re.search(r"io_setup\b.*\) += 0", line) or "io_setup resumed" in line:
            living += 1
        elif "io_destroy(" in line:
            living -= 1
        elif living and re.search(r" (fork|clone3?)\(", line):
            forks.append(line)
    return [line for line in forks if not re.search("CLONE_THREAD|CLONE_VFORK", line)]


def test_nobody_forks_while_a_context_lives(program: Program, data_file: Path) -> None:
    """Threads of the pool, two groups, jobs that move, saving: all that there is."""
    profile = program.folder / "all.toml"
    profile.write_text(
        f"[global]\nrw = 'randread'\niodepth = 4\nsize = '1m'\nfilename = '{data_file}'\n"
        "[job.moves]\niothread_move_every = 50\n[job.misaligned]\nmem_align = 1\n"
        "[job.later]\nstonewall = true\nruntime = 1.2\ntime_based = true\n"
    )
    outcome = program("run", profile, prefix=STRACE)
    assert outcome.code == 0, outcome.stderr
    log = program.folder / "strace.log"
    assert contexts_made(log) == 4
    assert forks_while_contexts_live(log) == []


def test_a_fork_would_have_been_seen(program: Program, data_file: Path) -> None:
    script = program.folder / "forks.py"
    script.write_text(RUN_AND_FORK.format(file=str(data_file)))
    subprocess.run(
        [*STRACE, sys.executable, script], cwd=program.folder, env=program.environment,
        check=True, timeout=60,
    )  # fmt: skip
    assert forks_while_contexts_live(program.folder / "strace.log")


def test_jobs_of_one_iothread_share_one_context(program: Program, data_file: Path) -> None:
    profile = program.folder / "shared.toml"
    profile.write_text(
        "[global]\nrw = 'randread'\nnumber_ios = 100\niothread = 'x'\n[job.a]\n[job.b]\n[job.c]\n"
    )
    outcome = program("run", profile, f"--filename={data_file}", "--no-save", prefix=STRACE)
    assert outcome.code == 0, outcome.stderr
    assert contexts_made(program.folder / "strace.log") == 1
