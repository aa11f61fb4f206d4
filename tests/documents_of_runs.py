"""Made-up documents of runs, for tests of code that reads documents."""

from collections.abc import Mapping
from typing import Any

from laiobench.results.digest import RunDigest, digest


def latency(p50_ns: float, count: int, histogram: list[tuple[int, int]] | None = None) -> Any:
    """A latency of a document; all percentiles are derived from the median."""
    return {
        "count": count,
        "min": round(p50_ns / 2),
        "max": round(p50_ns * 20),
        "mean": p50_ns * 1.1,
        "stddev": p50_ns / 10,
        "percentiles": {"50": round(p50_ns), "99": round(p50_ns * 4), "99.9": round(p50_ns * 9)},
        "histogram": histogram or [(round(p50_ns), count)],
    }


def job(
    name: str = "job",
    *,
    p50_ns: float = 100_000,
    ios: int = 200_000,
    direction: str = "read",
    cpu_ns: float = 5_000.0,
    switches: int = 1_000,
    shared_ios: int | None = None,
    copy: int = 0,
    iothread: str = "iothread0",
    options: Mapping[str, Any] | None = None,
    histogram: list[tuple[int, int]] | None = None,
) -> dict[str, Any]:
    """One copy of a job, at depth 1; its IOThread made so many I/Os in all."""
    lat = latency(p50_ns, ios, histogram)
    return {
        "name": name,
        "copy": copy,
        "group": 0,
        "iothreads": [iothread],
        "target": None,
        "options": {"rw": "randread", "bs": 4096, "iodepth": 1, "completion": "poll"}
        | dict(options or {}),
        "runtime_ns": round(ios * p50_ns),
        direction: {
            "ios": ios,
            "bytes": ios * 4096,
            "iops": 1e9 / p50_ns,
            "bw_bytes": 4096e9 / p50_ns,
            "short_ios": 0,
            "errors": {},
            **dict.fromkeys(("slat_ns", "clat_ns", "lat_ns"), lat),
        },
        "cpu": {"user_ns": 1, "system_ns": 1, "per_io_ns": cpu_ns, "ios": shared_ios or ios},
        "accounts": {"submitted": ios, "completed": ios, "failed": 0, "cancelled": 0},
        "counters": {"other": {"voluntary_switches": switches, "involuntary_switches": 0}},
        "workers": [],
        "proof": [],
        "series": [],
    }


def document(*jobs: dict[str, Any], started_at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    """The document of a run of these jobs that ended well."""
    return {
        "schema": 1,
        "kind": "run",
        "status": "ok",
        "failures": [],
        "tool": {"name": "laiobench", "version": "0", "build": "0"},
        "argv": ["laiobench"],
        "started_at": started_at,
        "machine": {"host": "here", "boot_id": "1"},
        "clock": {"source": "cpu", "read_ns": 10, "drift_ppm": 0},
        "warnings": [],
        "jobs": list(jobs or (job(),)),
    }


def run_of(p50_ns: float, **more: Any) -> RunDigest:
    """A run of one job with this latency."""
    return digest(document(job(p50_ns=p50_ns, **more)))
