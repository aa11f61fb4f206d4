"""The table for people."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tabulate import tabulate

from laiobench.jobs.options.engines import ENGINES
from laiobench.report.text.costs import costs
from laiobench.report.text.merging import copies_of_jobs, merged, merged_latency, reported
from laiobench.results.copies import told_apart
from laiobench.results.metrics import samples_needed
from laiobench.results.run_parts import SteadyStateResult
from laiobench.results.run_result import DirectionResult, JobResult, Latency, RunResult
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


_PERCENTILES = ("50", "99", "99.9")

# What has rows of its own: its title, and its directions.
_Entry = tuple[str, Mapping[str, DirectionResult]]


def render(result: RunResult) -> str:
    """The whole result: what was measured, at what cost, and whether it is proven."""
    if not result.jobs:
        return f"nothing was measured (status {result.status})"
    entries = [(title, merged(members)) for title, members in _entries(result.jobs)]
    parts = [
        _measured(entries),
        *_few_samples(entries),
        "",
        *map(_costs, copies_of_jobs(result.jobs)),
        _proof(result),
    ]
    if result.status != "ok":
        parts.append(f"status  {result.status}")
    return "\n".join(parts)


def _measured(entries: Sequence[_Entry]) -> str:
    rows = [
        _row(title if first else "", name, direction)
        for title, directions in entries
        for first, (name, direction) in _with_first(directions)
    ]
    return tabulate(
        rows,
        headers=_HEADERS,
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "left", *("right",) * 8),
    )


def _entries(jobs: Sequence[JobResult]) -> Iterator[tuple[str, Sequence[JobResult]]]:
    """What has rows of its own, by its title; after the copies of a job all of them."""
    for _, entries in groupby(reported(told_apart(jobs)), key=_whose):
        members_of = list(entries)
        yield from ((_title_of(members), members) for members in members_of)
        if len(members_of) > 1:
            copies = [job for members in members_of for job in members]
            yield f"{copies[0].name}, all {len(copies)}", copies


def _whose(members: Sequence[JobResult]) -> tuple[int, str, bool]:
    return members[0].group, members[0].name, len(members) > 1


def _with_first(
    directions: Mapping[str, DirectionResult],
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
        *(_percentile(key, latency) if key in at else "–" for key in _PERCENTILES),
        format_ns(latency.max) if latency.count else "–",
        format_count(sum(direction.errors.values())),
    )


def _percentile(key: str, latency: Latency) -> str:
    """In parentheses where it is of so few I/Os that comparing refuses it."""
    text = format_ns(latency.percentiles[key])
    return f"({text})" if _is_of_few(key, latency) else text


def _is_of_few(key: str, latency: Latency) -> bool:
    return 0 < latency.count < samples_needed(float(key))


def _few_samples(entries: Sequence[_Entry]) -> list[str]:
    """What the parentheses mean, if there are any."""
    latencies = [direction.lat_ns for _, directions in entries for direction in directions.values()]
    needed = [
        f"p{key} needs {samples_needed(float(key)):,}"
        for key in _PERCENTILES
        if any(key in latency.percentiles and _is_of_few(key, latency) for latency in latencies)
    ]
    return [f"(…) of too few I/Os to be relied on: {', '.join(needed)}"] if needed else []


def _costs(copies: Sequence[JobResult]) -> str:
    """What the copies of a job were, what they cost, and how their I/Os went."""
    return "\n".join([_costs_of_ios(copies), *_timing(copies), *_verified(copies)])


def _verified(copies: Sequence[JobResult]) -> list[str]:
    verified = [job.verify for job in copies if job.verify is not None]
    if not verified:
        return []
    blocks, failed, unknown, size_bytes = (
        sum(getattr(one, name) for one in verified)
        for name in ("blocks", "failed_blocks", "unknown_blocks", "bytes")
    )
    text = f"  verified {blocks:,} blocks ({format_size(size_bytes)}): {failed:,} bad"
    if unknown:
        text += f"; {unknown:,} not verified, as nothing is known of them"
    is_complete = all(one.complete for one in verified)
    return [text if is_complete else f"{text}; not all that was written"]


def _sizes(options: Mapping[str, Any]) -> str:
    """`4 KiB`, `4 KiB,8 KiB` or `4 KiB/60:64 KiB/40`."""
    text = str(options.get("bssplit") or options.get("bsrange") or options.get("bs", "?"))
    return re.sub(r"(?<![/.\d])\d+", lambda found: format_size(int(found[0])), text)


def _costs_of_ios(copies: Sequence[JobResult]) -> str:
    job, cost = copies[0], costs(copies)
    seconds = max(copy.runtime_ns for copy in copies) / NS_PER_S
    options = job.options
    title = _title(job) if len(copies) == 1 else f"{job.name}, all {len(copies)}"
    what = (
        f"{title}: {options.get('rw', '?')} {_sizes(options)}, depth {options.get('iodepth', '?')}"
        f"{' each' if len(copies) > 1 else ''}, "
        f"{options.get('completion', '?')}, {_paths(copies)}, {seconds:.2f} s"
    )
    if not any(copy.ios for copy in copies):
        return f"{what}; no I/O was completed"
    if not cost.cpu_ns or not cost.ios:
        return f"{what}; cpu not known"
    switches = cost.count("other", "voluntary_switches")
    switches += cost.count("other", "involuntary_switches")
    engine = ENGINES.get(options.get("engine", ""))  # None: of another version
    submits = (engine and engine.submit_call) or "submits"
    return (
        f"{what}\n"
        f"  cpu {format_ns(cost.cpu_ns / cost.ios)} per I/O "
        f"({cost.system_ns / cost.cpu_ns:.0%} in the kernel), {cost.cpus:.0%} of one CPU; "
        f"{_per(cost.count('submit', 'calls'), cost.ios)} {submits}, "
        f"{_per(cost.count('loop', 'blocking'), cost.ios)} sleeps and "
        f"{_per(switches, cost.ios)} context switches per I/O"
    )


def _timing(copies: Sequence[JobResult]) -> Iterator[str]:
    """How schedules were kept, and what searches or watches found."""
    yield from _responses(copies)
    late = sum(job.pacing.late for job in copies if job.pacing)
    if late:
        latest_ns = max(job.pacing.late_max_ns for job in copies if job.pacing)
        yield f"  {format_count(late)} I/Os were issued late, by up to {format_ns(latest_ns)}"
    for job in copies:
        which = f"copy {job.copy_index + 1}: " if len(copies) > 1 else ""
        yield from (f"  {which}{found}" for found in _found(job))


def _responses(copies: Sequence[JobResult]) -> Iterator[str]:
    for name in dict.fromkeys(name for job in copies for name in job.directions()):
        directions = (job.directions().get(name) for job in copies)
        parts = [one.response_ns for one in directions if one and one.response_ns]
        response = merged_latency(parts) if parts else None
        if response and response.count:
            at = response.percentiles
            shown = (f"p{key} {format_ns(at[key])}" for key in ("50", "99") if key in at)
            yield (
                f"  {name} response (since due): mean {format_ns(response.mean)}, "
                f"{', '.join(shown)}, max {format_ns(response.max)}"
            )


def _found(job: JobResult) -> Iterator[str]:
    if search := job.latency_target:
        share = format_exact(job.options.get("latency_percentile", 0))
        target_ns = float(job.options.get("latency_target", 0)) * 1000
        most = job.options.get("iodepth", "?")
        yield (
            f"depth {search.depth if search.attained else 1} of {most} "
            f"{'is the highest that keeps' if search.attained else 'does not keep'} "
            f"{share} % of lat within {format_ns(target_ns)}; "
            f"{len(search.tried)} were tried"
        )
    if steady := job.steadystate:
        yield f"{'' if steady.attained else 'not '}steady ({steady.criterion}): " + (
            f"{_steadiness(steady)} over {len(steady.iops)} intervals"
            if steady.measured is not None
            else "nothing was judged"
        )


def _steadiness(steady: SteadyStateResult) -> str:
    sign = " %" if steady.criterion.endswith("%") else ""
    kind = "slope" if "_slope" in steady.criterion else "deviation"
    return f"{kind} {steady.measured:.3g}{sign}"


def _paths(copies: Sequence[JobResult]) -> str:
    paths = list(dict.fromkeys(map(_path, copies)))
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _path(job: JobResult) -> str:
    if job.target is None:
        return "null engine"
    return job.target if job.options.get("direct", True) else f"{job.target} (buffered)"


def _per(events: int, ios: int) -> str:
    rate = events / ios
    return "0" if events == 0 else f"{rate:.2f}" if rate >= 0.005 else f"{rate:.1g}"


def _proof(result: RunResult) -> str:
    rules = [(job, rule) for job in told_apart(result.jobs) for rule in job.proof]
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
