"""Steady states: whether a job's rate has stopped changing.

The rates of the last intervals are judged by their largest deviation from their mean,
or by the slope of the least-squares line through them.  Knows neither clocks nor running
jobs: it is given totals.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from laiobench.jobs.options import Job
from laiobench.jobs.options.search import Criterion
from laiobench.units import NS_PER_S


@dataclass(frozen=True)
class SteadyOutcome:
    """The judgement on the last full window, or on as much of it as there was."""

    criterion: Criterion
    duration_s: float
    attained: bool
    iops: tuple[float, ...]
    bw_bytes: tuple[float, ...]
    slope: float
    """The rate of each interval, in the unit of the criterion's metric."""
    max_deviation: float
    is_full: bool
    """Whether there was a full window."""

    @property
    def measured(self) -> float:
        """The figure that is compared with the limit."""
        return measure(self.criterion, self.iops, self.bw_bytes)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def max_deviation(values: Sequence[float]) -> float:
    """The largest distance from the mean."""
    middle = mean(values)
    return max((abs(value - middle) for value in values), default=0.0)


def slope(values: Sequence[float]) -> float:
    """The slope of the least-squares line, per interval."""
    middle, mean_place = mean(values), (len(values) - 1) / 2
    places = range(len(values))
    spread = sum((place - mean_place) ** 2 for place in places)
    if not spread:
        return 0.0
    return sum((place - mean_place) * (values[place] - middle) for place in places) / spread


def measure(criterion: Criterion, iops: Sequence[float], bw_bytes: Sequence[float]) -> float:
    """The deviation, or the absolute slope; in percent of the mean if the limit is."""
    values = iops if criterion.metric == "iops" else bw_bytes
    found = abs(slope(values)) if criterion.is_slope else max_deviation(values)
    if not criterion.is_percent:
        return found
    middle = mean(values)
    return 100 * found / middle if middle else float("inf")


@dataclass
class SteadyWatch:
    """Judges one job, by the totals that it is given once an interval."""

    criterion: Criterion
    duration_s: float
    ramp_s: float
    interval_s: float
    attained: bool = False
    _begun_ns: int | None = None
    _last: tuple[int, int, int] | None = None
    _iops: deque[float] = field(init=False)
    _bw: deque[float] = field(init=False)

    def __post_init__(self) -> None:
        intervals = max(2, round(self.duration_s / self.interval_s))
        self._iops = deque(maxlen=intervals)
        self._bw = deque(maxlen=intervals)

    @classmethod
    def of(cls, job: Job) -> "SteadyWatch | None":
        """A watch with the criterion of `job`; None if it has none."""
        if job.steadystate is None:
            return None
        return cls(
            job.steadystate,
            job.steadystate_duration,
            job.steadystate_ramp_time,
            job.steadystate_check_interval,
        )

    def add(self, at_ns: int, ios: int, size_bytes: int) -> bool:
        """Take the totals at a time of the measured window; returns whether it is steady."""
        if self._begun_ns is None:
            self._begun_ns = at_ns
        if at_ns - self._begun_ns < self.ramp_s * NS_PER_S:
            return False
        if self._last is not None:
            before_ns, before_ios, before_bytes = self._last
            seconds = (at_ns - before_ns) / NS_PER_S
            self._iops.append((ios - before_ios) / seconds)
            self._bw.append((size_bytes - before_bytes) / seconds)
        self._last = (at_ns, ios, size_bytes)
        if len(self._iops) == self._iops.maxlen:
            self.attained = measure(self.criterion, self._iops, self._bw) <= self.criterion.limit
        return self.attained

    @property
    def outcome(self) -> SteadyOutcome:
        values = self._iops if self.criterion.metric == "iops" else self._bw
        return SteadyOutcome(
            criterion=self.criterion,
            duration_s=self.duration_s,
            attained=self.attained,
            iops=tuple(self._iops),
            bw_bytes=tuple(self._bw),
            slope=slope(values),
            max_deviation=max_deviation(values),
            is_full=len(self._iops) == self._iops.maxlen,
        )
