"""The border to the C core: plans go in, reports come out.

This package alone imports the extension module.  It knows the layout of the core's
structures, and turns the core's failures into errors; it judges nothing and computes no
statistics.
"""

from laiobench.native._core import ffi, lib
from laiobench.native.latencies import LATENCIES, LatencyType
from laiobench.native.pacing import PacingReport, search_window_us
from laiobench.native.plans import JobPlan, RunPlan, ThrottlePlan, WorkerPlan
from laiobench.native.reports import (
    Bins,
    ClockReport,
    DirectionReport,
    DirectionTotals,
    InFlightReport,
    JobInFlight,
    JobReport,
    LatencyReport,
    RunReport,
    Sample,
    Totals,
    TotalsByDirection,
    WorkerReport,
)
from laiobench.native.run import NativeRun
from laiobench.native.structures import (
    CounterGroups,
    TargetLimits,
    can_trim,
    empty_counters,
    probe_target,
)
from laiobench.native.verify import BYTES_OF_A_CELL, VerifyFailure, VerifyPlan, VerifyReport
from laiobench.native.workload import map_bytes_of
from laiobench.words import DIRECTIONS

__all__ = [
    "BYTES_OF_A_CELL",
    "DIRECTIONS",
    "LATENCIES",
    "Bins",
    "ClockReport",
    "CounterGroups",
    "DirectionReport",
    "DirectionTotals",
    "InFlightReport",
    "JobInFlight",
    "JobPlan",
    "JobReport",
    "LatencyReport",
    "LatencyType",
    "NativeRun",
    "PacingReport",
    "RunPlan",
    "RunReport",
    "Sample",
    "TargetLimits",
    "ThrottlePlan",
    "Totals",
    "TotalsByDirection",
    "VerifyFailure",
    "VerifyPlan",
    "VerifyReport",
    "WorkerPlan",
    "WorkerReport",
    "can_trim",
    "empty_counters",
    "map_bytes_of",
    "probe_target",
    "search_window_us",
    "source_hash",
]


def source_hash() -> str:
    """The hash of the C sources that the extension module was built from."""
    text: bytes = ffi.string(lib.core_source_hash())
    return text.decode()
