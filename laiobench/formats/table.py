"""The table for people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from laiobench.formats.merging import merged, reported
from laiobench.result import DirectionResult, JobResult, RunResult
from laiobench.timing import SteadyStateResult
from laiobench.units import (
    NS_PER_S,
    format_bandwidth,
    format_count,
    format_exact,
    format_ns,
    format_size,
)

_HEADERS = (
    "job", "", "IOPS", "bandwidth", "mean", "p50", "p99", "p99.9", "max", "errors",
)  # fmt: skip


def render(result: RunResult) -> str:
    """The whole result: what was measured, at what cost, and whether it is proven."""
    if not result.jobs:
        return f"nothing was measured (status {result.status})"
    parts = [_measured(result.jobs), "", *(_costs(job) for job in result.jobs), _proof(result)]
    if result.status != "ok":
        parts.append(f"status  {result.status}")
    return "\n".join(parts)


def _measured(jobs: Sequence[JobResult]) -> str:
    rows = [
        _row(_title_of(members) if first else "", name, direction)
        for members in reported(jobs)
        for first, (name, direction) in _with_first(merged(members))
    ]
    return tabulate(
        rows,
        headers=_HEADERS,
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "left", *("right",) * 8),
    )


def _with_first(
    directions: dict[str, DirectionResult],
) -> list[tuple[bool, tuple[str, DirectionResult]]]:
    return [(number == 0, item) for number, item in enumerate(directions.items())]


def _title_of(jobs: Sequence[JobResult]) -> str:
    if len(jobs) == 1:
        return _title(jobs[0])
    return f"{', '.join(dict.fromkeys(job.name for job in jobs))} ({len(jobs)} jobs)"


def _title(job: JobResult) -> str:
    copies = int(job.options.get("numjobs", 1))
    return f"{job.name} {job.copy_index + 1}/{copies}" if copies > 1 else job.name


def _row(title: str, name: str, direction: DirectionResult) -> tuple[str, ...]:
    latency = direction.lat_ns
    at = latency.percentiles
    return (
        title,
        name,
        format_count(direction.iops),
        format_bandwidth(direction.bw_bytes) if name != "sync" else "–",
        format_ns(latency.mean) if latency.count else "–",
        *(format_ns(at[key]) if key in at else "–" for key in ("50", "99", "99.9")),
        format_ns(latency.max) if latency.count else "–",
        format_count(sum(direction.errors.values())),
    )


def _costs(job: JobResult) -> str:
    """What the job was, what it cost, and how its I/Os went."""
    return "\n".join([_costs_of_ios(job), *_timing(job), *_verified(job)])


def _verified(job: JobResult) -> list[str]:
    verify = job.verify
    if verify is None:
        return []
    text = (
        f"  verified {verify.blocks:,} blocks ({format_size(verify.bytes)}): "
        f"{verify.failed_blocks:,} bad"
    )
    if verify.unknown_blocks:
        text += f"; {verify.unknown_blocks:,} not verified, as nothing is known of them"
    return [text if verify.complete else f"{text}; not all that was written"]


def _sizes(options: Mapping[str, Any]) -> str:
    """`4 KiB`, `4 KiB,8 KiB` or `4 KiB/60:64 KiB/40`."""
    text = str(options.get("bssplit") or options.get("bsrange") or options["bs"])
    return re.sub(r"(?<![/.\d])\d+", lambda found: format_size(int(found[0])), text)


def _costs_of_ios(job: JobResult) -> str:
    ios = job.ios
    seconds = job.runtime_ns / NS_PER_S
    options = job.options
    what = (
        f"{options['rw']} {_sizes(options)}, depth {options['iodepth']}, "
        f"{options['completion']}, {_path(job)}, {seconds:.2f} s"
    )
    if not ios:
        return f"{_title(job)}: {what}; no I/O was completed"
    cpu_ns = job.cpu.user_ns + job.cpu.system_ns
    if not cpu_ns:
        return f"{_title(job)}: {what}; cpu not known"
    busy = cpu_ns / job.measured_ns
    switches = _count(job, "other", "voluntary_switches")
    switches += _count(job, "other", "involuntary_switches")
    submits = "io_submit" if options.get("engine") == "libaio" else "submits"
    return (
        f"{_title(job)}: {what}\n"
        f"  cpu {format_ns(job.cpu.per_io_ns)} per I/O "
        f"({job.cpu.system_ns / cpu_ns:.0%} in the kernel), {busy:.0%} of one CPU; "
        f"{_per(_count(job, 'submit', 'calls'), ios)} {submits}, "
        f"{_per(_count(job, 'loop', 'blocking'), ios)} sleeps and "
        f"{_per(switches, ios)} context switches per I/O"
    )


def _timing(job: JobResult) -> Iterator[str]:
    """How a schedule was kept, and what a search or a watch found."""
    for name, direction in job.directions().items():
        if (response := direction.response_ns) and response.count:
            at = response.percentiles
            shown = (f"p{key} {format_ns(at[key])}" for key in ("50", "99") if key in at)
            yield (
                f"  {name} response (since due): mean {format_ns(response.mean)}, "
                f"{', '.join(shown)}, max {format_ns(response.max)}"
            )
    if job.pacing and job.pacing.late:
        yield (
            f"  {format_count(job.pacing.late)} I/Os were issued late, by up to "
            f"{format_ns(job.pacing.late_max_ns)}"
        )
    if search := job.latency_target:
        share = format_exact(job.options["latency_percentile"])
        target_ns = float(job.options["latency_target"]) * 1000
        yield (
            f"  depth {search.depth if search.attained else 1} of {job.options['iodepth']} "
            f"{'is the highest that keeps' if search.attained else 'does not keep'} "
            f"{share} % of lat within {format_ns(target_ns)}; "
            f"{len(search.tried)} were tried"
        )
    if steady := job.steadystate:
        yield f"  {'' if steady.attained else 'not '}steady ({steady.criterion}): " + (
            f"{_steadiness(steady)} over {len(steady.iops)} intervals"
            if steady.measured is not None
            else "nothing was judged"
        )


def _steadiness(steady: SteadyStateResult) -> str:
    sign = " %" if steady.criterion.endswith("%") else ""
    kind = "slope" if "_slope" in steady.criterion else "deviation"
    return f"{kind} {steady.measured:.3g}{sign}"


def _count(job: JobResult, group: str, name: str) -> int:
    """A counter; 0 where the document, of another version perhaps, has none."""
    return int(job.counters.get(group, {}).get(name, 0))


def _path(job: JobResult) -> str:
    if job.target is None:
        return "null engine"
    return job.target if job.options["direct"] else f"{job.target} (buffered)"


def _per(events: int, ios: int) -> str:
    rate = events / ios
    return "0" if events == 0 else f"{rate:.2f}" if rate >= 0.005 else f"{rate:.1g}"


def _proof(result: RunResult) -> str:
    rules = [(job, rule) for job in result.jobs for rule in job.proof]
    broken = [
        f"  {_title(job)}: {rule.rule}: {rule.left:,} against {rule.right:,}"
        for job, rule in rules
        if not rule.holds
    ]
    if broken:
        return "\n".join(["proof  broken:", *broken])
    if not rules:
        return "proof: none, since I/Os were still in flight"
    return f"proof: all {len(rules)} rules hold: the mode ran as chosen, and nothing was lost"


# ---- lists -----------------------------------------------------------------------


def summary(identifier: str, result: RunResult) -> dict[str, Any]:
    """A stored result in a few words."""
    ios = [direction for job in result.jobs for direction in job.directions().values()]
    return {
        "id": identifier,
        "started_at": result.started_at,
        "status": result.status,
        "jobs": list(dict.fromkeys(job.name for job in result.jobs)),
        "iops": [round(direction.iops, 1) for direction in ios],
    }


def render_summaries(rows: Sequence[dict[str, Any]]) -> str:
    """A line each."""
    return tabulate(
        [
            (
                row["id"],
                row["status"],
                ", ".join(row["jobs"]),
                ", ".join(format_count(iops) for iops in row["iops"]),
            )
            for row in rows
        ],
        headers=("result", "status", "jobs", "IOPS"),
        tablefmt="simple",
        disable_numparse=True,
    )
