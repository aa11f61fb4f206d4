"""Random mixes of options: each run ends, well or with a sentence, and loses nothing.

The mixes are the same each time.  Under sanitizers alone, which see what goes wrong
inside where all looks well outside.
"""

import random
from collections.abc import Sequence

import pytest

from program import Program

pytestmark = pytest.mark.sanitized

SEEDS = range(40)

ENGINES = (
    ("--engine=null", "--null_latency_us=20", "--null_jitter=0.3"),
    ("--engine=null", "--null_servers=2", "--null_latency_us=5"),
    ("--engine=libaio", "--filename=data"),
    ("--engine=libaio", "--filename=data", "--direct=0"),
    ("--engine=io_uring", "--filename=data"),
    ("--engine=io_uring", "--filename=data", "--direct=0", "--uncached"),
    ("--engine=io_uring", "--filename=data", "--fixedbufs", "--registerfiles"),
    ("--engine=io_uring", "--filename=data", "--sqthread_poll", "--nonvectored=0"),
    ("--engine=threads", "--filename=data"),
    ("--engine=psync", "--filename=data"),
    ("--engine=psync", "--filename=data", "--direct=0", "--hipri"),
)
KINDS = ("read", "write", "randread", "randwrite", "rw", "randrw", "trimwrite", "randtrim")
MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")

# Of finite amount, or of a time; the last one is cut short by it.
AMOUNTS: Sequence[tuple[str, ...]] = (
    ("--size=1m",),
    ("--size=1m", "--number_ios=77"),
    ("--size=1m", "--io_size=2m"),
    ("--size=256k", "--loops=3"),
    ("--size=1m", "--time_based", "--runtime=0.1"),
    ("--size=4m", "--runtime=0.05"),
)

# Each of these in every eighth job, ...
EXTRAS: Sequence[tuple[str, ...]] = (
    ("--ramp_time=0.02",),
    ("--startdelay=0.01",),
    ("--bssplit=512/10:4k/60:12k/30",),
    ("--bsrange=4k-16k",),
    ("--blockalign=8k",),
    ("--percentage_random=30",),
    ("--norandommap",),
    ("--random_generator=lfsr",),
    ("--random_distribution=zipf:1.2",),
    ("--random_distribution=zoned:60/10:30/20:10/70",),
    ("--random_distribution=pareto:0.2",),
    ("--thinktime=100", "--thinktime_blocks=10"),
    ("--rate_iops=20000",),
    ("--rate=20m", "--rate_process=poisson"),
    ("--throttle_iops=30000",),
    ("--rate_min=1",),
    ("--max_latency=60s",),
    ("--iodepth_low=2",),
    ("--iothread_move_every=20",),
    ("--numjobs=2",),
    ("--reap_on_submit=1",),
    ("--short_io=strict",),
    ("--latency_target=10ms", "--latency_window=5ms"),
    ("--max_batch=3",),
    ("--mem_align=512",),
    ("--fdmon=ppoll",),
    ("--resfd=1",),
    ("--offset=64k",),
    ("--zonemode=none",),
)


# ... and these where there are writes.
OF_WRITES: Sequence[tuple[str, ...]] = (
    ("--fsync=5",),
    ("--fdatasync=3",),
    ("--end_fsync=1",),
    ("--buffer_compress_percentage=40",),
    ("--dedupe_percentage=50",),
    ('--buffer_pattern="x"%o',),
)

# One of them, where there is something to verify, in every second job.
VERIFYING: Sequence[tuple[str, ...]] = (
    ("--verify=crc32c",),
    ("--verify=sha256", "--verify_backlog=8"),
    ("--verify=pattern", "--verify_pattern=0xdeadbeef"),
    ("--verify=md5", "--verify_interval=512"),
)


def mix(seed: int) -> list[str]:
    """A command line, the same for the same seed."""
    choice = random.Random(seed)
    engine, kind = choice.choice(ENGINES), choice.choice(KINDS)
    extras = EXTRAS if kind.endswith("read") else (*EXTRAS, *OF_WRITES)
    options = [
        *engine,
        *choice.choice(AMOUNTS),
        f"--rw={kind}",
        f"--iodepth={choice.choice((1, 2, 7, 32))}",
        f"--completion={choice.choice(MODES)}",
        f"--randseed={seed}",
    ]
    options += [option for extra in extras for option in extra * (choice.random() < 1 / 8)]
    if "write" in kind and "--engine=null" not in engine and choice.random() < 1 / 2:
        options += choice.choice(VERIFYING)
    return options


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mix_of_options_runs_or_is_refused(program: Program, seed: int) -> None:
    options = mix(seed)
    outcome = program("run", *options, "--json", "--no-save")
    assert "a fault in laiobench itself" not in outcome.stderr, options
    if outcome.code == 2:
        assert outcome.stderr.startswith("laiobench: "), options
        return
    assert outcome.code == 0, (options, outcome.stderr)
    for job in outcome.document["jobs"]:
        assert all(rule["holds"] for rule in job["proof"]), options
