"""The core's description of a workload that is not plain.

Knows the options for the offsets and sizes of I/Os, and the core's structures for them;
does not know the target.
"""

from itertools import accumulate
from typing import Any

from laiobench.errors import RunError
from laiobench.jobs.options import Job
from laiobench.jobs.options.random import Distribution
from laiobench.native._core import ffi, lib
from laiobench.units import format_size

_KINDS = {"random": 0, "zipf": 1, "pareto": 2, "normal": 3, "zoned": 4, "zoned_abs": 4}


def map_bytes_of(job: Job, region_bytes: int) -> int:
    """Bytes of memory for the random map; if sizes differ, it has a bit for each unit."""
    shape = shape_of(job, region_bytes)
    return 0 if shape == ffi.NULL else lib.shape_map_bytes(shape)


def shape_of(job: Job, region_bytes: int) -> Any:
    """The core's WorkloadShape; NULL for a plain workload.

    Raises:
        RunError: a zone of random_distribution is too small for an I/O.
    """
    if job.is_plain:
        return ffi.NULL
    shape = ffi.new("WorkloadShape *")
    shape.region_bytes = region_bytes
    for native, name in zip(shape.directions, ("read", job.changing, job.changing), strict=True):
        # The core ignores directions that the job does not use; they get a used one's values.
        _fill_direction(
            native, job, name if name in job.directions else job.directions[0], region_bytes
        )
    shape.use_map = job.uses_map
    shape.map_unit_bytes = job.unit_bytes(*job.directions) if job.uses_map and job.maps_units else 0
    shape.use_lfsr = job.random_generator == "lfsr"
    shape.stride_bytes = job.stride
    shape.run_length = job.run_length
    shape.run_identical = job.rw_sequencer == "identical"
    if job.is_strided:
        shape.zone_bytes = job.zonesize or 0
        shape.zone_range = job.zonerange or job.zonesize or 0
        shape.zone_skip = job.zoneskip
    return shape


def _fill_direction(native: Any, job: Job, name: str, region_bytes: int) -> None:
    sizes = job.sizes(name)
    native.size_count = len(sizes)
    untils = accumulate(size.percent / 100 for size in sizes)
    for share, size, until in zip(native.sizes, sizes, untils, strict=False):
        share.until = until
        share.low, share.high, share.step = size.low, size.high, size.step
    native.smallest_bytes = min(size.low for size in sizes)
    native.unit_bytes = job.unit_bytes(name)
    native.align_bytes = job.align_bytes(name)
    native.random_share = job.percentage_random.of(name) / 100 if job.is_random else 0
    _fill_distribution(native, job.random_distribution, name, region_bytes)


def _fill_distribution(native: Any, law: Distribution, name: str, region_bytes: int) -> None:
    native.distribution = _KINDS[law.kind]
    native.parameter = law.parameter / 100 if law.kind == "normal" else law.parameter
    native.center = -1 if law.center is None else law.center
    if law.kind == "normal" and law.center is None:
        native.center = 0.5
    zones = law.zones.of(name)
    unit = region_bytes / 100 if law.kind == "zoned" else 1
    places = (region_bytes - native.smallest_bytes) // native.align_bytes + 1
    sums = accumulate(zone.extent for zone in zones)
    ends = [min(places, int(end * unit) // native.align_bytes) for end in sums]
    if law.kind == "zoned":
        ends[-1:] = [places]
    begins = [0, *ends[:-1]]
    native.zone_count = len(zones)
    untils = accumulate(zone.share_percent / 100 for zone in zones)
    for share, zone, until, begin, end in zip(
        native.zones, zones, untils, begins, ends, strict=False
    ):
        if end <= begin:
            raise RunError(
                f"random_distribution={law} has a zone ({zone.share_percent:g}/{zone.extent:g}) "
                f"with no place for an I/O in {format_size(region_bytes)}",
                "raise size, or leave the zone out",
            )
        share.until = until
        share.first, share.places = begin, end - begin
