"""laiobench beside its peers on the same device: `make peers`.

First two tools at a time share one CPU, and what counts is what an I/O costs each in CPU time:
this repeats to 1 or 2 %, and has targets.  Then each runs alone, in turns, for the IOPS.
Native AIO is compared on a zram, where nothing has to be waited for, and io_uring on a file.
Ends with 1 if a target is missed.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import devices
import together
import tools
import turns
from tabulate import tabulate

from comparison import MODES, OF_IO_URING, OF_NATIVE_AIO, Pair, Ratio, Row, row


def commands(load: tools.Load, floor: Path) -> dict[str, list[str]]:
    """The tools' command lines by name, for much longer than anybody waits."""
    load = together.endless(load)
    registered = ("--fixedbufs=1", "--registerfiles=1")
    found = {
        "fio": tools.fio_command(load),
        "fio tuned": tools.fio_command(load, *tools.FIO_TUNED),
        "fio's io_uring": tools.fio_command(load, engine="io_uring"),
        "qemu-img": tools.qemu_img_command(load, together.IO_COUNT),
        "getevents, batch 1": tools.laiobench_command(load, "getevents", max_batch=1),
    }
    for engine, prefix in (("libaio", ""), ("io_uring", "io_uring ")):
        for mode in MODES:
            name = prefix + mode
            found[name] = tools.laiobench_command(load, mode, engine=engine)
            found[f"floor of {name}"] = tools.floor_command(load, mode, floor, engine)
            found[f"{name}, registered"] = tools.laiobench_command(
                load, mode, *registered, engine=engine
            )
    return found


def run_pair(pair: Pair, load: tools.Load, floor: Path, rounds: int) -> list[tuple[float, float]]:
    """What an I/O cost both in each round; each is started first every other time."""
    known = commands(load, floor)
    ours, peer = known[pair.ours], known[pair.peer]
    costs = []
    for number in range(rounds):
        click.echo(
            f"\r\x1b[Kiodepth {load.iodepth}: {pair.ours} beside {pair.peer}, "
            f"round {number + 1} of {rounds} ",
            nl=False,
            err=True,
        )
        if number % 2:
            costs.append(together.cpu_per_io(load, peer, ours)[::-1])
        else:
            costs.append(together.cpu_per_io(load, ours, peer))
    click.echo("\r\x1b[K", nl=False, err=True)
    return costs


def show_costs(rows: Sequence[Row]) -> None:
    """Print the ratios of I/Os in a second of CPU time, ours ÷ the peer's."""
    click.echo(
        tabulate(
            [
                (
                    row.iodepth,
                    f"{row.ours} ÷ {row.peer}",
                    *(f"{value:.3f}" for value in asdict(row.ratio).values()),
                    f"{row.least:.3g}" if row.least else "",
                    "" if row.is_met else "MISSED",
                    *(f"{value:,.0f} ns" for value in (row.ours_ns, row.peer_ns)),
                )
                for row in rows
            ],
            headers=(
                "iodepth", "I/Os per CPU second, at once", "median", "min", "max", "target", "",
                "CPU per I/O", "the peer's",
            ),
            disable_numparse=True,
        )
    )  # fmt: skip


def show_iops(found: Sequence[tuple[int, str, Ratio]]) -> None:
    """Print the ratios of IOPS, which have no targets."""
    click.echo(
        tabulate(
            [
                (iodepth, name, *(f"{value:.2f}" for value in asdict(ratio).values()))
                for iodepth, name, ratio in found
            ],
            headers=("iodepth", "IOPS, in turns", "median", "min", "max"),
            disable_numparse=True,
        )
    )


@click.command(help=__doc__)
@click.option("--device", type=click.Choice(["zram", "file", "zero"]), default="zram")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("/var/tmp"), help="For the file."
)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="At once.")
@click.option("--seconds", type=click.FloatRange(min=0.05), default=1.0, show_default=True)
@click.option("--turns", "turn_count", type=click.IntRange(min=0), default=5, show_default=True)
@click.option("--turn-seconds", type=click.FloatRange(min=0.05), default=0.3, show_default=True)
@click.option("--iodepth", type=int, multiple=True, default=(1, 32, 128), show_default=True)
@click.option("--cpu", type=int, default=max(os.sched_getaffinity(0)), show_default=True)
@click.option("--tool", "only", multiple=True, help="Only pairs of these.")
@click.option("--json", "as_json", is_flag=True)
def main(
    device: str, folder: Path, rounds: int, seconds: float, turn_count: int, turn_seconds: float,
    iodepth: tuple[int, ...], cpu: int, only: tuple[str, ...], as_json: bool,
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
    iops: list[tuple[int, str, Ratio]] = []
    with tempfile.TemporaryDirectory() as scratch, make() as path:
        floor = devices.build_floor(Path(scratch))
        in_turns = turns.tools_for(device, floor)
        in_turns = {name: tool for name, tool in in_turns.items() if not only or name in only}
        pairs = [
            pair
            for pair in (OF_IO_URING if device == "file" else OF_NATIVE_AIO)
            if not only or {pair.ours, pair.peer} <= set(only)
        ]
        for depth in iodepth:
            load = tools.Load(path, region_bytes, depth, seconds, cpu, direct=device != "zero")
            for pair in pairs:
                costs = run_pair(pair, load, floor, rounds)
                rows.append(row(pair, depth, costs, judged=device != "zero"))
        for depth in iodepth if turn_count else ():
            load = tools.Load(path, region_bytes, depth, turn_seconds, cpu, device != "zero")
            done = turns.run_rounds(load, in_turns, turn_count)
            iops += [(depth, *found) for found in turns.iops_ratios(done).items()]
            if device == "file" and depth == 1 and not only:
                click.echo(turns.latency_row(done), err=as_json)
    if as_json:
        document = {
            "cpu_per_io": [{**asdict(each), "is_met": each.is_met} for each in rows],
            "iops": [{"iodepth": at, "tools": name, **asdict(of)} for at, name, of in iops],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        show_costs(rows)
        if iops:
            click.echo()
            show_iops(iops)
    sys.exit(0 if all(each.is_met for each in rows) else 1)


main()
