"""The border to the C core: plans go in, raw runs come out.

With `session`, which is for requests issued one by one, the only importer of
the extension module.  It knows how the core's structures look and turns its
failures into errors; it judges nothing and computes no statistics.
"""

from laiobench.native._core import ffi, lib
from laiobench.native.pacing import RawPacing, search_window_us
from laiobench.native.plans import RunPlan, ThrottlePlan, WorkerPlan, WorkPlan
from laiobench.native.reports import (
    Bins,
    InFlight,
    RawClock,
    RawDirection,
    RawDirectionTotals,
    RawInFlight,
    RawJob,
    RawLatency,
    RawRun,
    RawSample,
    RawTotals,
    RawWorker,
)
from laiobench.native.run import NativeRun
from laiobench.native.structures import (
    CounterGroups,
    TargetLimits,
    can_trim,
    empty_counters,
    probe_target,
)
from laiobench.native.verify import BYTES_OF_A_CELL, RawVerify, RawVerifyFailure, VerifyPlan
from laiobench.native.workload import map_bytes_of
from laiobench.words import DIRECTIONS

__all__ = [
    "BYTES_OF_A_CELL",
    "DIRECTIONS",
    "Bins",
    "CounterGroups",
    "InFlight",
    "NativeRun",
    "RawClock",
    "RawDirection",
    "RawDirectionTotals",
    "RawInFlight",
    "RawJob",
    "RawLatency",
    "RawPacing",
    "RawRun",
    "RawSample",
    "RawTotals",
    "RawVerify",
    "RawVerifyFailure",
    "RawWorker",
    "RunPlan",
    "TargetLimits",
    "ThrottlePlan",
    "VerifyPlan",
    "WorkPlan",
    "WorkerPlan",
    "can_trim",
    "empty_counters",
    "map_bytes_of",
    "probe_target",
    "search_window_us",
    "source_hash",
]


def source_hash() -> str:
    """Of the C sources that the extension module was built from."""
    text: bytes = ffi.string(lib.core_source_hash())
    return text.decode()
