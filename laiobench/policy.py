"""The policy of a gate: which metrics may get worse by how much, and what else decides.

Knows the file, `gate.toml`, and all that can be wrong in it, told at once; and how to
write one from a calibration.  Knows nothing of results: whether a job exists is the
gate's to find out.

schema = 1
[gate]
family_alpha = 0.05
pairs = {min = 8, max = 24}
on_inconclusive = "warn"
on_fingerprint_mismatch = "error"
[[gate.metric]]
job = "randread-qd1"
name = "lat_p99_ns"
better = "lower"
max_regression = 0.10
"""

import json
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from laiobench.calibration import Calibration, LengthCalibration, NoiseFloor
from laiobench.errors import UsageError, raise_all
from laiobench.metrics import METRICS, Better, Key
from laiobench.sources import suggest
from laiobench.sources.files import read_text

SCHEMA_VERSION = 1
MOST_METRICS = 5
"""More of them, each at its share of alpha, would need more pairs than anybody runs."""

MOST_PAIRS = 1_000
DEFAULT_METRICS = ("iops", "lat_p50_ns", "lat_p99_ns", "lat_mean_ns", "cpu_ns_per_io")
"""Of one job, in the order of what `gate --init` takes first."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Pairs(_Strict):
    """Of a live gate: judged after `min`; what is inconclusive then, once more after `max`."""

    min: int = Field(8, ge=1, le=MOST_PAIRS)
    max: int = Field(24, ge=1, le=MOST_PAIRS)

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        fewest = info.data.get("min")
        if fewest is not None and value < fewest:
            raise ValueError(f"must be at least min, which is {fewest}")
        return value


class Gated(_Strict):
    """One metric that decides."""

    job: str
    direction: Literal["read", "write", "trim", "sync"] | None = None
    name: str
    better: Better | None = None
    max_regression: float = Field(gt=0)

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in METRICS:
            known = ", ".join(METRICS)
            raise ValueError(f"there is no metric {value}{suggest(value, METRICS)}; known: {known}")
        return value

    @field_validator("better")
    @classmethod
    def _as_it_is(cls, value: Better | None, info: ValidationInfo) -> Better | None:
        metric = METRICS.get(info.data.get("name", ""))
        if metric and value and value != metric.better:
            raise ValueError(f"of {metric.name} {metric.better} is better")
        return value

    @field_validator("max_regression")
    @classmethod
    def _possible(cls, value: float, info: ValidationInfo) -> float:
        if not math.isfinite(value):
            raise ValueError("must be a share such as 0.10")
        metric = METRICS.get(info.data.get("name", ""))
        if metric and metric.better == "higher" and value >= 1:
            raise ValueError("must be below 1: nothing loses more than all")
        return value


class Policy(_Strict):
    """What `[gate]` says."""

    family_alpha: float = Field(0.05, gt=0, lt=1)
    pairs: Pairs = Pairs()
    on_inconclusive: Literal["warn", "fail"] = "warn"
    on_fingerprint_mismatch: Literal["error", "warn"] = "error"
    metric: tuple[Gated, ...] = Field(description="from 1 to MOST_METRICS")

    @property
    def alpha(self) -> float:
        """Of each metric, so that all together are at `family_alpha` (Bonferroni)."""
        return self.family_alpha / len(self.metric)


# ---- reading ---------------------------------------------------------------------


def load(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        UsageError: it can't be read or is wrong; all that is wrong is told.
    """
    return parse(read_text(path), str(path))


def parse(text: str, origin: str) -> Policy:
    """The policy in a text; `origin` is what errors call it.

    Raises:
        UsageError: as `load`.
    """
    try:
        text.encode()
        document = tomllib.loads(text)
    except UnicodeEncodeError:
        raise UsageError(f"{origin} cannot be read: it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{origin} is not valid TOML: {error}") from None
    problems = [
        UsageError(f"{origin}: there is no key {key}{suggest(key, ('schema', 'gate'))}")
        for key in document
        if key not in ("schema", "gate")
    ]
    version = document.get("schema")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        problems.append(
            UsageError(
                f"{origin}: schema must be {SCHEMA_VERSION}"
                + (f", not {version!r}" if "schema" in document else ", and is missing")
            )
        )
    policy, wrong = _of_table(document.get("gate"), origin)
    raise_all([*problems, *wrong])
    assert policy is not None  # else something is wrong
    return policy


def _of_table(table: object, origin: str) -> tuple[Policy | None, list[UsageError]]:
    """What [gate] says, and all that is wrong with it."""
    if not isinstance(table, dict):
        return None, [UsageError(f"{origin}: there is no [gate]", _EXAMPLE)]
    miscounted = _miscounted(table.get("metric"), origin)
    try:
        policy = Policy.model_validate(_with_tuple(table))
    except ValidationError as error:
        details = [detail for detail in error.errors() if detail["loc"] != ("metric",)]
        return None, [*(_explain(detail, origin) for detail in details), *miscounted]
    return policy, [*miscounted, *_repeated(policy, origin)]


_EXAMPLE = "`laiobench gate --init` writes one from a calibration"


def _with_tuple(table: dict[str, Any]) -> dict[str, Any]:
    metrics = table.get("metric")
    return {**table, "metric": tuple(metrics)} if isinstance(metrics, list) else table


def _miscounted(metrics: object, origin: str) -> list[UsageError]:
    if not isinstance(metrics, list) or not metrics:
        return [UsageError(f"{origin}: no metric decides", "begin one with [[gate.metric]]")]
    if len(metrics) <= MOST_METRICS:
        return []
    return [
        UsageError(
            f"{origin}: {len(metrics)} metrics are too many: at most {MOST_METRICS} decide",
            "each is judged at its share of family_alpha; keep those that matter, and look at "
            "the others with `laiobench compare`",
        )
    ]


def _repeated(policy: Policy, origin: str) -> list[UsageError]:
    seen: set[tuple[str, str | None, str]] = set()
    problems = []
    for number, metric in enumerate(policy.metric, start=1):
        key = (metric.job, metric.direction, metric.name)
        if key in seen:
            problems.append(
                UsageError(
                    f"{origin}: gate.metric {number}: {metric.name} of job {metric.job} is there "
                    "twice"
                )
            )
        seen.add(key)
    return problems


def _explain(detail: Any, origin: str) -> UsageError:
    """One of pydantic's errors in our words."""
    place = _place(detail["loc"])
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    match detail["type"]:
        case "extra_forbidden":
            known = _keys_at(detail["loc"])
            return UsageError(
                f"{origin}: {place}: there is no such key{suggest(last, known)}",
                "the keys here are: " + ", ".join(known),
            )
        case "missing":
            return UsageError(f"{origin}: {place} is missing")
        case "model_type" | "dataclass_type":
            return UsageError(f"{origin}: {place} must be a table")
        case "value_error":
            return UsageError(f"{origin}: {place}: {detail['ctx']['error']}")
        case _:
            given = json.dumps(detail["input"], default=str)
            shown = given if len(given) <= 60 else given[:57] + "…"
            return UsageError(f"{origin}: {place} must be {_lowered(detail['msg'])}, not {shown}")


def _place(location: Sequence[int | str]) -> str:
    """`gate.metric 2: max_regression`."""
    words = "gate"
    for part in location:
        words += f" {part + 1}:" if isinstance(part, int) else f".{part}"
    return words.replace(":.", ": ").removesuffix(":")


def _keys_at(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Policy
    if location[0] == "pairs":
        model = Pairs
    elif location[0] == "metric" and len(location) > 1:
        model = Gated
    return list(model.model_fields)


def _lowered(message: str) -> str:
    return (message[:1].lower() + message[1:]).removeprefix("input should be ")


# ---- writing ---------------------------------------------------------------------


def from_calibration(calibration: Calibration, wanted: float = 0.05) -> Policy:
    """A policy that this machine's noise allows.

    Of the length of trials that needs the fewest pairs; thresholds are at least
    `wanted`, and above what the noise of that many pairs hides.

    Raises:
        UsageError: nothing was measurable in the calibration.
    """
    chosen = best_length(calibration)
    floors = _deciding(chosen)
    alpha = 0.05 / len(floors)
    pairs = _pairs(floors, alpha)
    return Policy(
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


def best_length(calibration: Calibration) -> LengthCalibration:
    """The shortest one where all that can be measured is."""
    lengths = [length for length in calibration.lengths if length.floors]
    if not lengths:
        raise UsageError(
            "the calibration has no metric that could be measured",
            "calibrate with longer trials",
        )
    return min(lengths, key=lambda length: (len(length.not_measurable), length.runtime_s))


def _deciding(length: LengthCalibration) -> list[NoiseFloor]:
    """Up to five: of each job in turn what is listed first in `DEFAULT_METRICS`."""
    by_key: dict[Key, NoiseFloor] = {floor.key: floor for floor in length.floors}
    jobs = list(dict.fromkeys((key.job, key.direction) for key in by_key if key.direction))
    found = [
        by_key[key]
        for name in DEFAULT_METRICS
        for job, direction in jobs
        for key in (Key(job, direction, name), Key(job, None, name))
        if key in by_key
    ]
    return list({floor.key: floor for floor in found}.values())[:MOST_METRICS] or length.floors[:1]


def _pairs(floors: Sequence[NoiseFloor], alpha: float) -> Pairs:
    from laiobench import stats

    fewest = max(8, stats.MIN_PAIRS, stats.pairs_for_interval(alpha))
    needed = [stats.pairs_to_see(math.log1p(0.05), floor.spread, alpha) for floor in floors]
    most = min(max(3 * fewest, *needed), 60)
    return Pairs(min=fewest, max=most)


def _threshold(floor: NoiseFloor, pairs: int, alpha: float, wanted: float) -> float:
    """Twice what shows with so many pairs: half for the noise, half for what is looked for.

    An interval passes when all of it is below the threshold, so that a threshold at
    the noise itself would call unchanged things inconclusive again and again.
    """
    from laiobench import stats

    visible = math.expm1(floor.spread * stats.visible_in_spreads(pairs, alpha))
    threshold = max(wanted, math.ceil(200 * visible) / 100)
    return min(threshold, 0.99) if floor.better == "higher" else threshold


def to_toml(policy: Policy, remark: str = "") -> str:
    """A policy as a file."""
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
            # A JSON string is a TOML one, but for DEL, which TOML wants escaped.
            text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{key} = {text}")
    return "\n".join(lines) + "\n"
