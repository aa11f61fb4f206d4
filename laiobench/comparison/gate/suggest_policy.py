"""Makes a policy from a calibration, for `gate --init`: thresholds above this machine's noise.

Knows which metrics mostly matter, and how small a change a number of pairs can see.  The
form of a policy is in `laiobench.comparison.gate.policy`.
"""

import math
from collections.abc import Sequence

from laiobench.comparison.gate.policy import MOST_METRICS, SCHEMA_VERSION, Gated, Pairs, Policy
from laiobench.errors import UsageError
from laiobench.jobs.sources import toml_text
from laiobench.results.calibration import Calibration, LengthCalibration, NoiseFloor
from laiobench.results.metrics import MOSTLY_JUDGED, Key

WIDEST = 0.20
"""The largest threshold, unless the user allows more: it would hide changes that matter."""


def from_calibration(
    calibration: Calibration, wanted: float = 0.05, widest: float = WIDEST
) -> Policy:
    """A policy with thresholds above this machine's noise.

    It is for the shortest trials in which most metrics can be measured.

    Args:
        calibration: of this machine.
        wanted: the least threshold, as a relative change.
        widest: the largest threshold.

    Raises:
        UsageError: nothing was measurable in the calibration, or a threshold would have to
            be above `widest`.
    """
    chosen = best_length(calibration)
    floors = _deciding(chosen)
    alpha = 0.05 / len(floors)
    pairs = _pairs(floors, alpha)
    made = Policy(
        pairs=pairs,
        metric=tuple(
            Gated(
                job=floor.job,
                direction=floor.direction,  # type: ignore[arg-type]  # checked by pydantic
                name=floor.metric,
                better=floor.better,
                max_regression=_threshold(floor, pairs.max, alpha, wanted),
            )
            for floor in floors
        ),
    )
    _check_thresholds(made, widest, calibration)
    return made


def _check_thresholds(made: Policy, widest: float, calibration: Calibration) -> None:
    """Check that no threshold is so wide that the gate would let through what matters.

    Raises:
        UsageError: a threshold would be above `widest`.
    """
    wide = [metric for metric in made.metric if metric.max_regression > widest]
    if not wide:
        return
    named = ", ".join(f"{metric.job} {metric.name} {metric.max_regression:.0%}" for metric in wide)
    contended = "; others used the CPUs while it was calibrated" if calibration.is_contended else ""
    most = max(metric.max_regression for metric in wide)
    raise UsageError(
        f"the noise here is so wide that thresholds would be above {widest:.0%}: "
        f"{named}{contended}",
        "calibrate again on a machine that does nothing else, with longer trials (`laiobench "
        f"calibrate --length`), or say that so much may get worse: --max-threshold={most:.0%}",
    )


def best_length(calibration: Calibration) -> LengthCalibration:
    """The shortest length of trials at which the most metrics can be measured.

    Raises:
        UsageError: none can be measured at any length.
    """
    lengths = [length for length in calibration.lengths if length.floors]
    if not lengths:
        raise UsageError(
            "the calibration has no metric that could be measured",
            "calibrate with longer trials",
        )
    return min(lengths, key=lambda length: (len(length.not_measurable), length.runtime_s))


def _deciding(length: LengthCalibration) -> list[NoiseFloor]:
    """Up to five metrics: in the order of `MOSTLY_JUDGED`, each for all jobs."""
    by_key: dict[Key, NoiseFloor] = {floor.key: floor for floor in length.floors}
    jobs = list(dict.fromkeys((key.job, key.direction) for key in by_key if key.direction))
    found = [
        by_key[key]
        for name in MOSTLY_JUDGED
        for job, direction in jobs
        for key in (Key(job, direction, name), Key(job, None, name))
        if key in by_key
    ]
    return list({floor.key: floor for floor in found}.values())[:MOST_METRICS] or length.floors[:1]


def _pairs(floors: Sequence[NoiseFloor], alpha: float) -> Pairs:
    from laiobench.comparison import power, rank_tests
    from laiobench.comparison.looks import PLANNED

    each = alpha * PLANNED.share / 2  # the gate looks twice
    fewest = max(8, rank_tests.MIN_PAIRS, rank_tests.pairs_for_interval(each))
    needed = [power.pairs_to_see(math.log1p(0.05), floor.spread, each) for floor in floors]
    most = min(max(3 * fewest, *needed), 60)
    return Pairs(min=fewest, max=most)


def _threshold(floor: NoiseFloor, pairs: int, alpha: float, wanted: float) -> float:
    """A threshold of twice the smallest visible change: half for noise, half for the change.

    A metric passes if all of its interval is below the threshold, so a threshold as small
    as the noise would call unchanged metrics inconclusive again and again.
    """
    from laiobench.comparison import power
    from laiobench.comparison.looks import PLANNED

    each = alpha * PLANNED.share / 2
    visible = math.expm1(floor.spread * power.visible_in_spreads(pairs, each))
    threshold = max(wanted, math.ceil(200 * visible) / 100)
    return min(threshold, 0.99) if floor.better == "higher" else threshold


def to_toml(policy: Policy, remark: str = "") -> str:
    """A policy as TOML; `remark` becomes a comment above it."""
    lines = [f"# {line}".rstrip() for line in remark.splitlines()]
    lines += [
        f"schema = {SCHEMA_VERSION}",
        "",
        "[gate]",
        f"family_alpha = {policy.family_alpha}",
        f"pairs = {{min = {policy.pairs.min}, max = {policy.pairs.max}}}",
        f'on_inconclusive = "{policy.on_inconclusive}"           # or "fail"',
        f'on_fingerprint_mismatch = "{policy.on_fingerprint_mismatch}"  # or "warn"',
    ]
    for metric in policy.metric:
        lines += ["", "[[gate.metric]]"]
        for key, value in metric.model_dump(exclude_none=True).items():
            lines.append(f"{key} = {toml_text.value(value)}")
    return "\n".join(lines) + "\n"
