"""laiobench beside its peers, in alternation on the same device: `make peers`.

In every round each tool runs once, in an order that changes from round to
round; what counts is the median of the rounds' ratios.  Ends with 1 if a target
is missed.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import devices
import tools
from tabulate import tabulate

from comparison import MODES, Round, Row, compare

Tool = Callable[[tools.Load], tools.Speed]


def tools_for(device: str, floor: Path) -> dict[str, Tool]:
    """By name, those that are compared next to each other, so that a machine whose speed drifts
    does both alike; qemu-img knows no character devices, and sleeping modes need slow ones."""
    chosen: dict[str, Tool] = {
        "getevents, batch 1": lambda load: tools.laiobench(load, "getevents", max_batch=1),
        "fio": tools.fio,
        "poll": lambda load: tools.laiobench(load, "poll"),
        "floor of poll": lambda load: tools.floor(load, "poll", floor),
        "fio tuned": lambda load: tools.fio(load, *tools.FIO_TUNED),
    }
    if device != "zero":
        chosen["qemu-img"] = _Qemu()
        for mode in MODES[1:]:
            chosen[mode] = lambda load, mode=mode: tools.laiobench(load, mode)
            chosen[f"floor of {mode}"] = lambda load, mode=mode: tools.floor(load, mode, floor)
    return chosen


class _Qemu:
    """qemu-img is told how many I/Os to do: as many as it did in such a time before."""

    def __init__(self) -> None:
        self._iops: dict[int, float] = {}

    def __call__(self, load: tools.Load) -> tools.Speed:
        if load.iodepth not in self._iops:
            self._iops[load.iodepth] = tools.qemu_img(load, 10_000).iops
        count = max(1000, round(self._iops[load.iodepth] * load.seconds))
        speed = tools.qemu_img(load, count)
        self._iops[load.iodepth] = speed.iops
        return speed


def run_rounds(load: tools.Load, chosen: Mapping[str, Tool], count: int) -> list[Round]:
    """Each tool once a round; each round begins with another, every other one goes backwards."""
    names = list(chosen)
    rounds: list[Round] = []
    for number in range(count):
        start = number * 5 % len(names)
        order = names[start:] + names[:start]
        rounds.append({name: chosen[name](load) for name in order[:: 1 - number % 2 * 2]})
        click.echo(f"\riodepth {load.iodepth}: round {number + 1} of {count} ", nl=False, err=True)
    click.echo("\r\x1b[K", nl=False, err=True)
    return rounds


def latency_row(rounds: Sequence[Round]) -> str:
    """Whether the latencies that we see are those that fio sees."""
    said = []
    for name in ("p50", "p99"):
        ratios = sorted(
            getattr(one["getevents, batch 1"], f"{name}_ns") / getattr(one["fio"], f"{name}_ns")
            for one in rounds
        )
        median = ratios[len(ratios) // 2]
        said.append(f"{name} {median:.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}]")
    return "latency, getevents ÷ fio: " + ", ".join(said)


def show(rows: Sequence[Row]) -> None:
    click.echo(
        tabulate(
            [
                (
                    row.iodepth,
                    f"{row.ours} ÷ {row.peer}",
                    *(f"{value:.2f}" for value in (row.iops.median, row.iops.low, row.iops.high)),
                    f"{row.least:.2f}" if row.least else "",
                    "" if row.is_met else "MISSED",
                    *(f"{value:.2f}" for value in (row.cpu.median, row.cpu.low, row.cpu.high)),
                )
                for row in rows
            ],
            headers=(
                "iodepth",
                "tools",
                "IOPS",
                "min",
                "max",
                "target",
                "",
                "CPU per I/O",
                "min",
                "max",
            ),
            disable_numparse=True,
        )
    )


@click.command(help=__doc__)
@click.option("--device", type=click.Choice(["zram", "file", "zero"]), default="zram")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("/var/tmp"), help="For the file."
)
@click.option("--rounds", type=click.IntRange(min=1), default=16, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.05),
    default=0.3,
    show_default=True,
    help="Of each run.",
)
@click.option("--iodepth", type=int, multiple=True, default=(1, 32, 128), show_default=True)
@click.option("--cpu", type=int, default=max(os.sched_getaffinity(0)), show_default=True)
@click.option("--tool", "only", multiple=True, help="Only these.")
@click.option("--json", "as_json", is_flag=True)
def main(
    device: str, folder: Path, rounds: int, seconds: float, iodepth: tuple[int, ...], cpu: int,
    only: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    for program, package in (("fio", "fio"), ("qemu-img", "qemu-utils"), ("gcc", "gcc")):
        if not shutil.which(program):
            raise SystemExit(f"{program} is not here; install the package {package}")
    if device == "zram" and os.geteuid() != 0:
        raise SystemExit("making a zram device needs root; --device=file does not")
    made = {
        "zram": (devices.zram, devices.ZRAM_BYTES),
        "file": (lambda: devices.file(folder), devices.FILE_BYTES),
        "zero": (lambda: contextlib.nullcontext("/dev/zero"), devices.ZERO_BYTES),
    }
    make, region_bytes = made[device]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch, make() as path:
        chosen = tools_for(device, devices.build_floor(Path(scratch)))
        chosen = {name: tool for name, tool in chosen.items() if not only or name in only}
        for depth in iodepth:
            load = tools.Load(path, region_bytes, depth, seconds, cpu, direct=device != "zero")
            done = run_rounds(load, chosen, rounds)
            rows += compare(done, depth, has_targets=device == "zram")
            if device == "file" and depth == 1 and not only:
                click.echo(latency_row(done), err=as_json)
    if as_json:
        click.echo(json.dumps([{**asdict(row), "is_met": row.is_met} for row in rows], indent=2))
    else:
        show(rows)
    sys.exit(0 if all(row.is_met for row in rows) else 1)


main()
