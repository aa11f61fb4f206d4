"""The table of a calibration for people, and the tool's share of a run."""

from collections.abc import Sequence

from tabulate import tabulate

from laiobench.report.text.costs import costs
from laiobench.report.text.merging import copies_of_jobs
from laiobench.report.text.numbers import format_share, format_value
from laiobench.results.calibration import EFFECTS, Calibration, NoiseFloor
from laiobench.results.metrics import METRICS
from laiobench.results.run_result import JobResult, RunResult
from laiobench.results.time_shares import TimeShares
from laiobench.units import format_ns

_WORTH_TELLING = 0.005


def render(calibration: Calibration) -> str:
    """How wide the noise is, and how many pairs of which length see what."""
    jobs = dict.fromkeys(floor.job for length in calibration.lengths for floor in length.floors)
    parts = [_job(calibration, job) for job in jobs]
    parts += [_not_measurable(calibration), _own_costs(calibration)]
    return "\n\n".join(part for part in parts if part)


def _job(calibration: Calibration, job: str) -> str:
    floors = [
        (length.runtime_s, floor)
        for length in calibration.lengths
        for floor in length.floors
        if floor.job == job
    ]
    rows = []
    for key in dict.fromkeys(floor.key for _, floor in floors):
        of_key = [(runtime_s, floor) for runtime_s, floor in floors if floor.key == key]
        title = _title(of_key[0][1])
        for runtime_s, floor in of_key:
            rows.append((title, *_row(floor, runtime_s)))
            title = ""
    pairs_for = (f"pairs for {effect:.0%}" for effect in EFFECTS)
    return tabulate(
        rows,
        headers=(job, "a trial", "median", "sd of a pair", *pairs_for),
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "right", "right", "right", *("right" for _ in EFFECTS)),
    )


def _title(floor: NoiseFloor) -> str:
    title = METRICS[floor.metric].title
    return f"{floor.direction} {title}" if floor.direction else title


def _row(floor: NoiseFloor, runtime_s: float) -> tuple[str, ...]:
    return (
        f"{runtime_s:g} s",
        format_value(floor.median, METRICS[floor.metric]),
        format_share(floor.spread),
        *(_pairs(floor, effect) for effect in EFFECTS),
    )


def _pairs(floor: NoiseFloor, effect: float) -> str:
    """How many see such a change; another version may have asked for other changes."""
    pairs = floor.pairs_to_see.get(f"{effect:g}")
    return "–" if pairs is None else f"{pairs:,}"


def _not_measurable(calibration: Calibration) -> str:
    return "\n".join(
        f"{name}, trials of {length.runtime_s:g} s: {reason}"
        for length in calibration.lengths
        for name, reason in length.not_measurable.items()
    )


def _own_costs(calibration: Calibration) -> str:
    return "\n".join(
        f"{cost.job}: laiobench itself costs {format_ns(cost.ns_per_io)} per I/O "
        f"({cost.completion}, iodepth {cost.iodepth}, no device)"
        for cost in calibration.own_costs
    )


# ---- a run's share ---------------------------------------------------------------


def shares(result: RunResult, calibration: Calibration | None) -> Sequence[str]:
    """For each job the tool's share, where it is calibrated, and where its time went."""
    return [
        sentence
        for copies in copies_of_jobs(result.jobs)
        if (sentence := _share(copies, calibration))
    ]


def _share(copies: Sequence[JobResult], calibration: Calibration | None) -> str:
    job, cost = copies[0], costs(copies)
    if not any(copy.ios for copy in copies) or not cost.measured_ns or not cost.cpu_ns:
        return ""
    went = _where_time_went(cost.time_shares)
    own_ns = calibration and calibration.own_cost(
        str(job.options.get("completion")), int(job.options.get("iodepth", 0))
    )
    if not own_ns:
        return f"{job.name}: {went}" if went else ""
    share = own_ns * cost.ios / cost.measured_ns
    return (
        f"{job.name}: laiobench itself took {format_ns(own_ns)} of each I/O, "
        f"{format_share(share)} of the time" + (f"; {went}" if went else "")
    )


def _where_time_went(shares: TimeShares | None) -> str:
    """Where an IOThread's time went."""
    if shares is None:
        return ""
    parts = [f"{shares.working:.0%} of the time at work"]
    if shares.waiting_for_cpu >= _WORTH_TELLING:
        parts.append(f"{shares.waiting_for_cpu:.0%} waiting for a CPU")
    parts.append(f"{shares.waiting_for_io:.0%} waiting for I/O")
    return ", ".join(parts) + (": CPU-bound" if shares.is_cpu_bound else "")
