"""fio's JSON, for the tools around fio: a run's document in the keys and types of fio 3.36.

Tools decode it into typed structures, so every key is there, and integers are integers.
What laiobench does not measure is 0, as in fio: page faults; also minima and maxima by
direction if a job has several (samples are of the whole job).  Depths are derived from
averages.  fio's histogram ends at 17.1 s: longer latencies are in its last bin.  The file
has over 400 lines, since it is one dictionary of fio's that is built part by part.  What disks did
is not in a document: who has it gives it.
"""

import errno
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from laiobench.jobs.options import Job
from laiobench.report.text import merging
from laiobench.results.run_result import DirectionResult, JobResult, Latency, RunResult
from laiobench.system.disk_stats import DiskUse
from laiobench.units import BINARY_SUFFIXES, NS_PER_S, format_exact
from laiobench.words import IO_DIRECTIONS

DIALECT = "fio-3.36"
_NS_PER_MS = 1_000_000
_KIB = 1024

_LAST_BIN = 1855
_BELOW = (2, 4, 10, 20, 50, 100, 250, 500, 750, 1000)
_SUBMIT = ("4", "8", "16", "32", "64", ">=64")

Json = dict[str, Any]


def render(
    result: RunResult, disks: Mapping[str, DiskUse] | None = None, remarks: Sequence[str] = ()
) -> str:
    """The text of `fio --output-format=json`."""
    return _text(document(result, disks, with_bins=False), remarks)


def plus(
    result: RunResult, disks: Mapping[str, DiskUse] | None = None, remarks: Sequence[str] = ()
) -> str:
    """The text of `fio --output-format=json+`: with the counts of latencies by bin."""
    return _text(document(result, disks, with_bins=True), remarks)


def _text(said: Json, remarks: Sequence[str]) -> str:
    """With what fio has no place for in a key of ours, which its readers leave alone."""
    said |= {"laiobench": {"remarks": list(remarks)}} if remarks else {}
    return json.dumps(said, indent=2) + "\n"


def document(
    result: RunResult, disks: Mapping[str, DiskUse] | None = None, *, with_bins: bool = False
) -> Json:
    """What fio says of a run, as its JSON has it; other formats of fio's have the same numbers."""
    started = datetime.fromisoformat(result.started_at)
    ended_ms = round(started.timestamp() * 1000) + _elapsed_ms(result.jobs)
    ended = datetime.fromtimestamp(ended_ms / 1000, tz=started.tzinfo)
    return {
        "fio version": f"{DIALECT}-laiobench-{result.tool.version}",
        "timestamp": ended_ms // 1000,
        "timestamp_ms": ended_ms,
        "time": ended.strftime("%a %b %e %H:%M:%S %Y"),
        "global options": {},
        "jobs": [
            _job(merging.as_one_job(jobs), started, with_bins=with_bins)
            | {"iodepth_level": _depths(jobs)}
            for jobs in merging.reported(result.jobs)
        ],
        "disk_util": [
            _disk(name, use, _elapsed_ms(result.jobs)) for name, use in (disks or {}).items()
        ],
    }


def _disk(name: str, use: DiskUse, elapsed_ms: int) -> Json:
    told = ("read_ios", "write_ios", "read_sectors", "write_sectors", "read_merges",
            "write_merges", "read_ticks", "write_ticks", "in_queue")  # fmt: skip
    util = min(100.0, 100 * use.busy_ms / elapsed_ms) if elapsed_ms else 0.0
    return {"name": name} | {key: getattr(use, key) for key in told} | {"util": round(util, 6)}


def _elapsed_ms(jobs: Sequence[JobResult]) -> int:
    """Groups run one after the other, each as long as its longest job."""
    longest: dict[int, int] = {}
    for job in jobs:
        longest[job.group] = max(longest.get(job.group, 0), job.runtime_ns)
    return sum(longest.values()) // _NS_PER_MS


# ---- a job -----------------------------------------------------------------------


def _job(job: JobResult, started: datetime, *, with_bins: bool) -> Json:
    directions = job.directions()
    ios = sum(part.ios for name, part in directions.items() if name != "sync")
    return {
        "jobname": job.name,
        "groupid": job.group,
        "job_start": round(started.timestamp() * 1000),
        "error": _error(directions.values()),
        "eta": 0,
        "elapsed": -(-job.runtime_ns // NS_PER_S),
        "job options": job_options(job.options),
        **_directions(job, with_bins=with_bins),
        "job_runtime": job.runtime_ns // _NS_PER_MS,
        "usr_cpu": _percent(job.cpu.user_ns, job.measured_ns),
        "sys_cpu": _percent(job.cpu.system_ns, job.measured_ns),
        "ctx": _counter(job, "other", "voluntary_switches")
        + _counter(job, "other", "involuntary_switches"),
        "majf": 0,
        "minf": 0,
        "iodepth_level": {},
        "iodepth_submit": _submits(job),
        "iodepth_complete": _completes(job, ios),
        **_latency_shares(directions, ios),
        **_search(job),
        **_steady_state(job),
    }


def _directions(job: JobResult, *, with_bins: bool) -> Json:
    """Each direction, all as one, or both, as unified_rw_reporting says."""
    unified = job.options.get("unified_rw_reporting", "none")
    found: Json = {}
    if unified != "mixed":
        directions = job.directions()
        for name in IO_DIRECTIONS:
            found[name] = _direction(job, directions.get(name), with_bins=with_bins)
        found["sync"] = {
            "total_ios": job.sync.ios if job.sync else 0,
            "lat_ns": _latency(job.sync.lat_ns if job.sync else None, with_bins=with_bins),
        }
    if unified != "none":
        found["mixed"] = _direction(job, merging.as_one_direction([job]), with_bins=with_bins)
    return found


def _search(job: JobResult) -> Json:
    """fio gives the target in ns, and the window in µs."""
    found, options = job.latency_target, job.options
    if found is None:
        return {
            "latency_depth": int(options.get("iodepth", 1)),
            "latency_target": 0,
            "latency_percentile": 100.0,
            "latency_window": 0,
        }
    return {
        "latency_depth": found.depth,
        "latency_target": round(options.get("latency_target", 0) * 1000),
        "latency_percentile": float(options.get("latency_percentile", 0)),
        "latency_window": round(options.get("latency_window", 0)),
    }


def _steady_state(job: JobResult) -> Json:
    steady = job.steadystate
    if steady is None:
        return {}
    sign = "%" if steady.criterion.endswith("%") else ""
    return {
        "steadystate": {
            "ss": steady.criterion,
            "duration": round(job.options.get("steadystate_duration", 0)),
            "attained": int(steady.attained),
            "criterion": f"{steady.measured or 0.0:f}{sign}",
            "max_deviation": steady.max_deviation,
            "slope": steady.slope,
            "data": {
                "bw_mean": round(steady.bw_bytes_mean),
                "iops_mean": round(steady.iops_mean),
                "iops": [round(value) for value in steady.iops],
                "bw": [round(value) for value in steady.bw_bytes],
            },
        }
    }


def job_options(options: Mapping[str, Any]) -> dict[str, str]:
    """The options that the job set, as fio writes them; always rw, bs, iodepth and numjobs."""
    always = ("name", "rw", "bs", "iodepth", "numjobs")
    defaults = _defaults()
    return {
        _FIO_S_NAMES.get(name, name): _written(name, value)
        for name, value in options.items()
        if value is not None and (name in always or value != defaults.get(name))
    }


_FIO_S_NAMES = {"engine": "ioengine"}


@cache
def _defaults() -> Mapping[str, Any]:
    return Job().model_dump(mode="json")


def _written(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if name == "bs" and isinstance(value, int):
        return _short_size(value)
    if isinstance(value, list | tuple):
        return ":".join(_written(name, part) for part in value)
    return format_exact(value) if isinstance(value, float) else str(value)


def _short_size(size_bytes: int) -> str:
    """`4k`, as job files write it."""
    for suffix, power in reversed(BINARY_SUFFIXES.items()):
        if power and size_bytes and size_bytes % _KIB**power == 0:
            return f"{size_bytes // _KIB**power}{suffix}"
    return str(size_bytes)


def _error(directions: Iterable[DirectionResult]) -> int:
    """The errno of the first kind of error."""
    names = [name for direction in directions for name in direction.errors]
    return int(getattr(errno, names[0], errno.EIO)) if names else 0


def _counter(job: JobResult, group: str, name: str) -> int:
    return int(job.counters.get(group, {}).get(name, 0))


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 6) if whole else 0.0


# ---- a direction -----------------------------------------------------------------


def _direction(job: JobResult, direction: DirectionResult | None, *, with_bins: bool) -> Json:
    if direction is None:
        direction = _NOTHING
    has_it = direction is not _NOTHING
    size_bytes = direction.bytes
    return {
        "io_bytes": size_bytes,
        "io_kbytes": size_bytes // _KIB,
        "bw_bytes": round(direction.bw_bytes),
        "bw": round(direction.bw_bytes) // _KIB,
        "iops": round(direction.iops, 6),
        "runtime": job.runtime_ns // _NS_PER_MS if has_it else 0,
        "total_ios": direction.ios,
        "short_ios": direction.short_ios,
        "drop_ios": 0,
        "slat_ns": _latency(direction.slat_ns, with_bins=with_bins),
        "clat_ns": _latency(direction.clat_ns, with_bins=with_bins),
        "lat_ns": _latency(direction.lat_ns, with_bins=with_bins),
        **_samples(job, direction if has_it else None),
    }


_NO_LATENCY = Latency(count=0, min=0, max=0, mean=0.0, stddev=0.0, percentiles={}, histogram=[])
_NOTHING = DirectionResult(
    ios=0, bytes=0, iops=0.0, bw_bytes=0.0, short_ios=0, errors={},
    slat_ns=_NO_LATENCY, clat_ns=_NO_LATENCY, lat_ns=_NO_LATENCY,
)  # fmt: skip


def _samples(job: JobResult, direction: DirectionResult | None) -> Json:
    """Bandwidth in KiB/s and IOPS by interval; of jobs with one direction, as the series is."""
    is_alone = direction is not None and len(set(job.directions()) - {"sync"}) == 1
    rates = list(_rates(job)) if is_alone else []
    bw = [size_bytes / _KIB for _, size_bytes in rates]
    iops = [ios for ios, _ in rates]
    return {
        "bw_min": int(min(bw, default=0)),
        "bw_max": int(max(bw, default=0)),
        "bw_agg": 100.0 if bw else 0.0,
        "bw_mean": _mean(bw),
        "bw_dev": _deviation(bw),
        "bw_samples": len(bw),
        "iops_min": int(min(iops, default=0)),
        "iops_max": int(max(iops, default=0)),
        "iops_mean": _mean(iops),
        "iops_stddev": _deviation(iops),
        "iops_samples": len(iops),
    }


def _rates(job: JobResult) -> Iterable[tuple[float, float]]:
    """I/Os and bytes per second of each interval that is no mere rest."""
    began_ns = 0
    lengths = []
    for point in job.series:
        lengths.append(point.t_ns - began_ns)
        began_ns = point.t_ns
    for point, length_ns in zip(job.series, lengths, strict=True):
        if length_ns > max(lengths) / 2:
            yield point.ios * NS_PER_S / length_ns, point.bytes * NS_PER_S / length_ns


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 6) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = sum(values) / len(values)
    return float(round((sum((v - mean) ** 2 for v in values) / (len(values) - 1)) ** 0.5, 6))


# ---- latencies -------------------------------------------------------------------


def _latency(latency: Latency | None, *, with_bins: bool) -> Json:
    if latency is None:
        latency = _NO_LATENCY
    found: Json = {
        "min": latency.min,
        "max": latency.max,
        "mean": round(latency.mean, 6),
        "stddev": round(latency.stddev, 6),
        "N": latency.count,
    }
    if latency.percentiles:
        found["percentile"] = {
            _percentile_name(name): min(value, latency.max)
            for name, value in latency.percentiles.items()
        }
        if with_bins:
            found["bins"] = bins(latency)
    return found


def _percentile_name(key: str) -> str:
    """Six decimals, as fio prints; more if fewer would name another percentile."""
    digits = key.partition(".")[2]
    return f"{float(key):.6f}" if len(digits) <= 6 else key


def bins(latency: Latency) -> dict[str, int]:
    """Counts by the value that fio prints for each of its bins; ours are finer, and fit inside."""
    counts: dict[int, int] = {}
    for high_ns, count in latency.histogram:
        index = bin_index(high_ns)
        counts[index] = counts.get(index, 0) + count
    if latency.overflow:
        counts[_LAST_BIN] = counts.get(_LAST_BIN, 0) + latency.overflow
    return {str(bin_value(index)): count for index, count in sorted(counts.items())}


def bin_index(value_ns: int) -> int:
    """fio's 64 bins for each power of two; the last one has all larger values."""
    most_significant = value_ns.bit_length() - 1
    if most_significant <= 6:
        return value_ns
    error_bits = most_significant - 6
    return min(_LAST_BIN, ((error_bits + 1) << 6) + ((value_ns >> error_bits) & 63))


def bin_value(index: int) -> int:
    """The middle of a bin, as fio prints it."""
    if index < 128:
        return index
    error_bits = (index >> 6) - 1
    base = 1 << (error_bits + 6)
    return int(base + ((index & 63) + 0.5) * (1 << error_bits))


def _latency_shares(directions: Mapping[str, DirectionResult], ios: int) -> Json:
    """How many I/Os took less than each limit in ns, µs and ms, and at least the one before."""
    tables: dict[str, dict[str, int]] = {
        "latency_ns": {str(limit): 0 for limit in _BELOW},
        "latency_us": {str(limit): 0 for limit in _BELOW},
        "latency_ms": {str(limit): 0 for limit in (*_BELOW, 2000)} | {">=2000": 0},
    }
    for name, direction in directions.items():
        if name == "sync":
            continue
        for high_ns, count in direction.lat_ns.histogram:
            table, key = _range(high_ns)
            tables[table][key] += count
        tables["latency_ms"][">=2000"] += direction.lat_ns.overflow
    return {
        table: {key: _percent(count, ios) for key, count in counts.items()}
        for table, counts in tables.items()
    }


def _range(value_ns: int) -> tuple[str, str]:
    for table, unit_ns in (("latency_ns", 1), ("latency_us", 1_000), ("latency_ms", _NS_PER_MS)):
        for limit in _BELOW:
            if value_ns < limit * unit_ns:
                return table, str(limit)
    return ("latency_ms", "2000") if value_ns < 2000 * _NS_PER_MS else ("latency_ms", ">=2000")


# ---- depths ----------------------------------------------------------------------


def _depths(jobs: Sequence[JobResult]) -> dict[str, float]:
    """All I/Os of each job in the range of its average depth, by Little's law."""
    counts = dict.fromkeys(("1", "2", "4", "8", "16", "32", ">=64"), 0)
    for job in jobs:
        parts = [part for name, part in job.directions().items() if name != "sync"]
        busy_ns = sum(part.lat_ns.mean * part.lat_ns.count for part in parts)
        depth = round(busy_ns / job.runtime_ns) if job.runtime_ns else 0
        at = min(max(depth, 1).bit_length() - 1, len(counts) - 1)
        counts[list(counts)[at]] += job.ios
    total = sum(counts.values())
    return {key: _percent(count, total) for key, count in counts.items()}


def _submits(job: JobResult) -> dict[str, float]:
    """The counted batches, by size."""
    sizes = job.counters.get("submit", {}).get("batch_sizes", {})
    counts = dict.fromkeys(_SUBMIT, 0)
    for name, count in sizes.items():
        counts[_batch_range(int(name) if name.isdigit() else 1 << 20)] += int(count)
    total = sum(counts.values())
    return {"0": 0.0} | {key: _percent(count, total) for key, count in counts.items()}


def _completes(job: JobResult, ios: int) -> dict[str, float]:
    """All I/Os in the range of the average batch: I/Os for each look that found some."""
    hits = max(
        _counter(job, *name)
        for name in (("poll", "hits"), ("eventfd", "reads"), ("bh", "reaps"),
                     ("other", "waits"))
    )  # fmt: skip
    at = _batch_range(max(1, round(ios / hits)) if hits else 1)
    return {"0": 0.0} | {key: 100.0 if ios and key == at else 0.0 for key in _SUBMIT}


def _batch_range(size: int) -> str:
    return next((key for key in _SUBMIT[:-1] if size <= int(key)), _SUBMIT[-1])
