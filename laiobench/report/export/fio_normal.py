"""fio's output for people: a paragraph for each job, then sums for each group, then disks.

Made of fio's JSON, which has the same numbers.  Scripts look for `IOPS=`, `BW=`, `clat (usec)`
and the like in it, and for `READ: bw=` of a group.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from laiobench.jobs.options import Job
from laiobench.report.export.fio_json import document
from laiobench.results.run_result import JobResult, RunResult
from laiobench.system.disk_stats import DiskUse
from laiobench.words import IO_DIRECTIONS

Json = Mapping[str, Any]
_COLUMNS = 3


def render(result: RunResult, disks: Mapping[str, DiskUse] | None = None) -> str:
    """The text of `fio --output-format=normal`."""
    said = document(result, disks)
    lines = [*_beginning(said, result.jobs), ""]
    for job in said["jobs"]:
        members = [one for one in result.jobs if one.group == job["groupid"]]
        is_group = bool(members and members[0].options.get("group_reporting"))
        lines += _job(job, len(members) if is_group else 1, said["time"])
    for group in sorted({job["groupid"] for job in said["jobs"]}):
        lines += _group(group, [job for job in said["jobs"] if job["groupid"] == group])
    lines += _disks(said["disk_util"])
    return "\n".join(lines) + "\n"


def _beginning(said: Json, jobs: Sequence[JobResult]) -> Iterator[str]:
    for job in jobs:
        if job.copy_index:
            continue
        options = Job.model_validate(
            {name: value for name, value in job.options.items() if name in ("rw", "bs", "iodepth")}
        )
        sizes = zip("RWT", options.bs.values(), strict=True)
        shown = ", ".join(f"({letter}) {size}B-{size}B" for letter, size in sizes)
        yield (
            f"{job.name}: (g={job.group}): rw={options.rw}, bs={shown}, "
            f"ioengine={job.options.get('engine')}, iodepth={options.iodepth}"
        )
        if job.options.get("numjobs", 1) > 1:
            yield "..."
    yield said["fio version"]
    yield f"Starting {len(jobs)} thread{'s' * (len(jobs) > 1)}"


def _job(job: Json, count: int, time: str) -> Iterator[str]:
    yield (
        f"{job['jobname']}: (groupid={job['groupid']}, jobs={count}): err={job['error']:2d}: "
        f"pid=0: {time}"
    )
    for name in (*IO_DIRECTIONS, "mixed"):
        part = job.get(name)
        if part and part["total_ios"]:
            yield from _direction(name, part)
    if job.get("sync", {}).get("total_ios"):
        yield "  fsync/fdatasync/sync_file_range:"
        yield _latency("sync", job["sync"]["lat_ns"])
        yield from _percentiles("sync", job["sync"]["lat_ns"])
    yield from _shares(job)
    yield (
        f"  cpu          : usr={job['usr_cpu']:.2f}%, sys={job['sys_cpu']:.2f}%, "
        f"ctx={job['ctx']}, majf={job['majf']}, minf={job['minf']}"
    )
    yield f"  IO depths    : {_row(job['iodepth_level'])}"
    yield f"     submit    : {_row(job['iodepth_submit'])}"
    yield f"     complete  : {_row(job['iodepth_complete'])}"
    parts = [job.get(name, {}) for name in IO_DIRECTIONS]
    total = ",".join(str(part.get("total_ios", 0)) for part in parts)
    short = ",".join(str(part.get("short_ios", 0)) for part in parts)
    syncs = job.get("sync", {}).get("total_ios", 0)
    yield f"     issued rwts: total={total},{syncs} short={short},0 dropped=0,0,0,0"
    yield (
        f"     latency   : target={job['latency_target']}, window={job['latency_window']}, "
        f"percentile={job['latency_percentile']:.2f}%, depth={job['latency_depth']}"
    )


def _direction(name: str, part: Json) -> Iterator[str]:
    yield (
        f"  {name}: IOPS={_number(part['iops'], 1000)}, BW={_rate(part['bw_bytes'])}"
        f"({_number(part['io_bytes'], 1024)}B/{part['runtime']}msec)"
    )
    for kind in ("slat", "clat", "lat"):
        if part[f"{kind}_ns"]["N"]:
            yield _latency(kind, part[f"{kind}_ns"])
    yield from _percentiles("clat", part["clat_ns"])
    if part["bw_samples"]:
        yield (
            f"   bw (  KiB/s): min={part['bw_min']:5d}, max={part['bw_max']:5d}, "
            f"per={part['bw_agg']:.2f}%, avg={part['bw_mean']:.2f}, stdev={part['bw_dev']:.2f}, "
            f"samples={part['bw_samples']}"
        )
        yield (
            f"   iops        : min={part['iops_min']:5d}, max={part['iops_max']:5d}, "
            f"avg={part['iops_mean']:.2f}, stdev={part['iops_stddev']:.2f}, "
            f"samples={part['iops_samples']}"
        )


def _unit(latency: Json) -> tuple[str, int]:
    for name, ns in (("nsec", 1), ("usec", 1000), ("msec", 1_000_000)):
        if latency["min"] < 2000 * ns and latency["max"] < 99_999 * ns:
            return name, ns
    return "msec", 1_000_000


def _latency(kind: str, latency: Json) -> str:
    unit, ns = _unit(latency)
    return (
        f"    {kind:>4} ({unit}): min={latency['min'] // ns}, max={latency['max'] // ns}, "
        f"avg={latency['mean'] / ns:5.2f}, stdev={latency['stddev'] / ns:5.2f}"
    )


def _percentiles(kind: str, latency: Json) -> Iterator[str]:
    found = list(latency.get("percentile", {}).items())
    if not found:
        return
    unit, ns = _unit(latency)
    yield f"    {kind} percentiles ({unit}):"
    width = max(len(str(value // ns)) for _, value in found)
    for at in range(0, len(found), _COLUMNS):
        row = found[at : at + _COLUMNS]
        text = ", ".join(f"{float(name):5.2f}th=[{value // ns:>{width}}]" for name, value in row)
        yield f"     | {text}{',' if at + _COLUMNS < len(found) else ''}"


def _shares(job: Json) -> Iterator[str]:
    for table, unit in (("latency_ns", "nsec"), ("latency_us", "usec"), ("latency_ms", "msec")):
        shares = {key: share for key, share in job[table].items() if share > 0}
        if shares:
            text = ", ".join(f"{key}={share:.2f}%" for key, share in shares.items())
            yield f"  lat ({unit})   : {text}"


def _row(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{key}={share:.1f}%" for key, share in shares.items())


def _group(group: int, jobs: Sequence[Json]) -> Iterator[str]:
    yield ""
    yield f"Run status group {group} (all jobs):"
    for name in IO_DIRECTIONS:
        parts = [job[name] for job in jobs if job.get(name) and job[name]["total_ios"]]
        if not parts:
            continue
        rates = [part["bw_bytes"] for part in parts]
        times = [part["runtime"] for part in parts]
        size_bytes = sum(part["io_bytes"] for part in parts)
        longest_s = max(times) / 1000
        total = size_bytes / longest_s if longest_s else sum(rates)
        low, high = (f"{_number(rate, 1024)}B/s" for rate in (min(rates), max(rates)))
        low10, high10 = (f"{_number(rate, 1000)}B/s" for rate in (min(rates), max(rates)))
        yield (
            f"{name.upper():>7}: bw={_rate(total)}, {low}-{high} ({low10}-{high10}), "
            f"io={_number(size_bytes, 1024)}B ({_number(size_bytes, 1000)}B), "
            f"run={min(times)}-{max(times)}msec"
        )


def _disks(disks: Sequence[Json]) -> Iterator[str]:
    if disks:
        yield ""
        yield "Disk stats (read/write):"
    for disk in disks:
        pairs = ", ".join(
            f"{shown}={disk[f'read_{key}']}/{disk[f'write_{key}']}"
            for shown, key in (("ios", "ios"), ("merge", "merges"), ("ticks", "ticks"))
        )
        yield f"  {disk['name']}: {pairs}, in_queue={disk['in_queue']}, util={disk['util']:.2f}%"


def _rate(bytes_per_s: float) -> str:
    return f"{_number(bytes_per_s, 1024)}B/s ({_number(bytes_per_s, 1000)}B/s)"


def _number(value: float, base: int) -> str:
    """Up to four digits, as fio: `1234`, `34.1k`; `2048Ki`, `133Mi`."""
    exponent = 0
    while round(value) >= 10_000 and exponent < len("kMGTPE"):
        value /= base
        exponent += 1
    digits = 0 if exponent == 0 or value >= 100 else 1 if value >= 10 else 2
    suffix = "" if exponent == 0 else "kMGTPE"[exponent - 1]
    if base == 1024 and suffix:
        suffix = f"{suffix.upper()}i"
    return f"{value:.{digits}f}{suffix}"
