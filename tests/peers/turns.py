"""Runs each tool alone, in turns, for the IOPS on a machine with a drifting speed.

In every round each tool runs once, in an order that changes from round to round; what counts
is the median of the rounds' ratios.  On shared machines it differs by 30 % from run to run.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import tools

from comparison import MODES, OF_NATIVE_AIO, Ratio

Tool = Callable[[tools.Load], tools.Speed]
Round = Mapping[str, tools.Speed]
"""What each tool did in one round, by name."""


def tools_for(device: str, floor: Path) -> dict[str, Tool]:
    """The tools by name.

    Tools that are compared are next to each other, so that a drift of the machine's speed
    meets both.  qemu-img can't use character devices, and sleeping modes need slow devices.
    """
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
    """qemu-img, which takes a number of I/Os and no time: as many as it last did in that time."""

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
    """Run each tool once a round; each round begins with another, every second goes backwards."""
    names = list(chosen)
    rounds: list[Round] = []
    for number in range(count):
        start = number * 5 % len(names)
        order = names[start:] + names[:start]
        rounds.append({name: chosen[name](load) for name in order[:: 1 - number % 2 * 2]})
        click.echo(f"\riodepth {load.iodepth}: round {number + 1} of {count} ", nl=False, err=True)
    click.echo("\r\x1b[K", nl=False, err=True)
    return rounds


def iops_ratios(rounds: Sequence[Round]) -> dict[str, Ratio]:
    """The ratios of each pair of tools, by `ours ÷ peer`."""
    return {
        f"{pair.ours} ÷ {pair.peer}": Ratio.of(
            [one[pair.ours].iops / one[pair.peer].iops for one in rounds]
        )
        for pair in OF_NATIVE_AIO
        if {pair.ours, pair.peer} <= set(rounds[0])
    }


def latency_row(rounds: Sequence[Round]) -> str:
    """A line that compares laiobench's latencies with fio's."""
    said = []
    for name in ("p50", "p99"):
        ratio = Ratio.of(
            [
                getattr(one["getevents, batch 1"], f"{name}_ns") / getattr(one["fio"], f"{name}_ns")
                for one in rounds
            ]
        )
        said.append(f"{name} {ratio.median:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]")
    return "latency, getevents ÷ fio: " + ", ".join(said)
