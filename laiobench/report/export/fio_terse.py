"""fio's terse lines, versions 3, 4 and 5: a line for each job, its fields parted by semicolons.

Made of fio's JSON, which has the same numbers.  Version 4 adds trims, and 5 the minima,
maxima and samples of IOPS.  Latencies are in µs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from laiobench.report.export.fio_json import document
from laiobench.results.histogram import PERCENTILES
from laiobench.results.run_result import RunResult
from laiobench.system.disk_stats import DiskUse

VERSIONS = (3, 4, 5)
_PLACES = 20
"""For percentiles; fio writes 0%=0 in those that it does not use."""

Json = Mapping[str, Any]


def render(result: RunResult, disks: Mapping[str, DiskUse] | None = None, version: int = 3) -> str:
    """The text of `fio --output-format=terse --terse-version=…`."""
    said = document(result, disks)
    return "".join(f"{';'.join(_fields(said, job, version))}\n" for job in said["jobs"])


def _fields(said: Json, job: Json, version: int) -> Iterator[str]:
    yield from (str(version), said["fio version"], job["jobname"].replace(";", "_"))
    yield from (str(job["groupid"]), str(job["error"]))
    for name in ("read", "write", "trim") if version > 3 else ("read", "write"):
        yield from _direction(job.get(name) or job["mixed"], version)
    yield from (f"{job['usr_cpu']:f}%", f"{job['sys_cpu']:f}%")
    yield from (str(job[name]) for name in ("ctx", "majf", "minf"))
    yield from (f"{share:.1f}%" for share in job["iodepth_level"].values())
    yield from (f"{share:.2f}%" for share in _latency_shares(job))
    for disk in said["disk_util"]:
        yield disk["name"]
        counts = ("read_ios", "write_ios", "read_merges", "write_merges", "read_ticks",
                  "write_ticks", "in_queue")  # fmt: skip
        yield from (str(disk[name]) for name in counts)
        yield f"{disk['util']:.2f}%"
    if description := job["job options"].get("description"):
        yield description.replace(";", "_")


def _latency_shares(job: Json) -> Iterator[float]:
    """Those in µs, where the first has what took less, and those in ms."""
    below_us = sum(job["latency_ns"].values())
    for number, share in enumerate(job["latency_us"].values()):
        yield share + (below_us if number == 0 else 0.0)
    yield from job["latency_ms"].values()


def _direction(part: Json, version: int) -> Iterator[str]:
    yield from (str(part[name]) for name in ("io_kbytes", "bw"))
    yield from (str(int(part["iops"])), str(part["runtime"]))
    yield from _latency(part["slat_ns"])
    yield from _latency(part["clat_ns"])
    yield from _percentiles(part["clat_ns"])
    yield from _latency(part["lat_ns"])
    yield from (str(part["bw_min"]), str(part["bw_max"]), f"{part['bw_agg']:f}%")
    yield from (f"{part['bw_mean']:f}", f"{part['bw_dev']:f}")
    if version > 4:
        yield from (str(part[name]) for name in ("bw_samples", "iops_min", "iops_max"))
        yield from (f"{part['iops_mean']:f}", f"{part['iops_stddev']:f}")
        yield str(part["iops_samples"])


def _latency(latency: Json) -> Iterator[str]:
    yield from (str(latency[name] // 1000) for name in ("min", "max"))
    yield from (f"{latency[name] / 1000:f}" for name in ("mean", "stddev"))


def _percentiles(latency: Json) -> Iterator[str]:
    unused = {f"{at:f}": 0 for at in PERCENTILES}
    found = list(latency.get("percentile", unused).items())[:_PLACES]
    for name, value_ns in found:
        yield f"{float(name):f}%={value_ns // 1000}"
    yield from ["0%=0"] * (_PLACES - len(found))
