"""The tools that are compared: each runs 4 KiB random reads for a while, and says how fast.

Knows how each is called and how its answer is read; all are pinned to one CPU,
and none records less than it does by default.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from laiobench.measurement.plan.placement import stream_seed

BLOCK_BYTES = 4096
SEED = 1
MAX_BATCH = 32
FIO_TUNED = (
    "--gtod_reduce=1", "--norandommap", "--randrepeat=0", "--iodepth_batch_submit=16",
    "--iodepth_batch_complete_max=16", "--iodepth_batch_complete_min=0", "--userspace_reap",
)  # fmt: skip
# qemu-img can't read at random; steps of this many blocks look like it.
QEMU_STEP_BLOCKS = 16411


@dataclass(frozen=True)
class Load:
    """The load that every tool runs."""

    path: str
    region_bytes: int
    iodepth: int
    seconds: float
    cpu: int
    direct: bool = True


@dataclass(frozen=True)
class Speed:
    """The result of a tool."""

    iops: float
    cpu_ns_per_io: float
    p50_ns: float | None = None
    p99_ns: float | None = None


def pinned(load: Load, command: Sequence[str]) -> list[str]:
    """The command, pinned to the load's CPU."""
    return ["taskset", "--cpu-list", str(load.cpu), *command]


def _run(load: Load, command: Sequence[str]) -> str:
    done = subprocess.run(pinned(load, command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- how each is called -----------------------------------------------------------


def laiobench_command(
    load: Load, mode: str, *options: str, engine: str = "libaio", max_batch: int = MAX_BATCH
) -> list[str]:
    """The command line of laiobench, with all recording on."""
    return [
        sys.executable, "-m", "laiobench", "run", f"--filename={load.path}", "--rw=randread",
        f"--engine={engine}",
        "--bs=4k", f"--size={load.region_bytes}", f"--iodepth={load.iodepth}",
        f"--runtime={load.seconds}", "--time_based", f"--completion={mode}",
        f"--max_batch={max_batch}", f"--randseed={SEED}", f"--direct={int(load.direct)}",
        "--no-save", "--json", *options,
    ]  # fmt: skip


def floor_command(load: Load, mode: str, program: Path, engine: str = "libaio") -> list[str]:
    """The system calls alone, over the same offsets."""
    return [
        str(program), engine, mode, load.path, str(load.iodepth), str(MAX_BATCH), str(load.seconds),
        str(load.region_bytes), str(stream_seed(SEED, 0)),
    ]  # fmt: skip


def fio_command(load: Load, *options: str, engine: str = "libaio") -> list[str]:
    """fio, as it comes or with options."""
    return [
        "fio", "--name=peer", f"--filename={load.path}", f"--ioengine={engine}", "--rw=randread",
        "--bs=4k", f"--size={load.region_bytes}", f"--iodepth={load.iodepth}", "--readonly",
        f"--runtime={load.seconds}s", "--time_based", f"--direct={int(load.direct)}",
        "--lat_percentiles=1", "--output-format=json", *options,
    ]  # fmt: skip


def qemu_img_command(load: Load, count: int) -> list[str]:
    """qemu-img bench: no latencies, a fixed number of I/Os, in large steps instead of at random."""
    return [
        "qemu-img", "bench", "-t", "none", "-i", "native", "-f", "raw", "-d", str(load.iodepth),
        "-s", str(BLOCK_BYTES), "-S", str(QEMU_STEP_BLOCKS * BLOCK_BYTES), "-c", str(count),
        load.path,
    ]  # fmt: skip


# ---- each alone -------------------------------------------------------------------


def laiobench(load: Load, mode: str, max_batch: int = MAX_BATCH) -> Speed:
    """By its own report."""
    (job,) = json.loads(_run(load, laiobench_command(load, mode, max_batch=max_batch)))["jobs"]
    percentiles = job["read"]["lat_ns"]["percentiles"]
    return Speed(job["read"]["iops"], job["cpu"]["per_io_ns"], percentiles["50"], percentiles["99"])


def floor(load: Load, mode: str, program: Path) -> Speed:
    """By its own report."""
    ios, ns, cpu_ns = map(int, _run(load, floor_command(load, mode, program)).split())
    return Speed(ios / ns * 1e9, cpu_ns / ios)


def fio(load: Load, *options: str) -> Speed:
    """By its own report."""
    answer = _run(load, fio_command(load, *options))
    (job,) = json.loads(answer[answer.index("{") :])["jobs"]
    read = job["read"]
    cpu_share = (job["usr_cpu"] + job["sys_cpu"]) / 100
    percentiles = read["lat_ns"].get("percentile", {})
    return Speed(
        read["iops"],
        cpu_share * 1e9 / read["iops"],
        percentiles.get("50.000000"),
        percentiles.get("99.000000"),
    )


def qemu_img(load: Load, count: int) -> Speed:
    """By the seconds that it reports, and the CPU time that the system says it had."""
    before = os.times()
    answer = _run(load, qemu_img_command(load, count))
    after = os.times()
    match = re.search(r"completed in ([\d.]+) seconds", answer)
    if match is None:
        raise SystemExit(f"qemu-img bench said what is not understood: {answer}")
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return Speed(count / float(match[1]), cpu_s * 1e9 / count)
