"""The policy of a gate: how much each metric may get worse, and how that is decided.

Knows the file, `gate.toml`, and reports all that is wrong in it at once.  Knows nothing of
results: the gate finds out whether a job exists.  An example:

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
max_drift = 0.10
[baseline]
sessions = 20
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from laiobench.comparison.sessions import MIN_SESSIONS
from laiobench.errors import UsageError, raise_all
from laiobench.files.reading import read_text
from laiobench.files.toml import parse_toml
from laiobench.results.metrics import METRICS, Better
from laiobench.words import suggest

SCHEMA_VERSION = 1
MOST_METRICS = 5
"""More metrics, each at its share of alpha, would need more pairs than anybody runs."""

MOST_PAIRS = 1_000


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Pairs(_Strict):
    """The pairs of a live gate: it judges after `min`, and if inconclusive again after `max`."""

    min: int = Field(8, ge=1, le=MOST_PAIRS)
    max: int = Field(24, ge=1, le=MOST_PAIRS)

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, value: int, info: ValidationInfo) -> int:
        fewest = info.data.get("min")
        if fewest is not None and value < fewest:
            raise ValueError(f"must be at least min, which is {fewest}")
        return value


class Baseline(_Strict):
    """For stored results: the candidate is compared with this many of the newest sessions."""

    sessions: int = Field(20, ge=MIN_SESSIONS, le=MOST_PAIRS)


class Gated(_Strict):
    """One metric that is judged."""

    job: str
    direction: Literal["read", "write", "trim", "sync"] | None = None
    name: str
    better: Better | None = None
    max_regression: float = Field(gt=0)
    max_drift: float | None = Field(None, gt=0, description="default: max_regression")

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

    @property
    def allowed_drift(self) -> float:
        """What may be lost since the reference; by default no more than in one step."""
        return self.max_regression if self.max_drift is None else self.max_drift

    @field_validator("max_regression", "max_drift")
    @classmethod
    def _possible(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is None:
            return None
        if not math.isfinite(value):
            raise ValueError("must be a share such as 0.10")
        metric = METRICS.get(info.data.get("name", ""))
        if metric and metric.better == "higher" and value >= 1:
            raise ValueError("must be below 1: nothing loses more than all")
        return value


class Policy(_Strict):
    """The tables `[gate]` and `[baseline]` of the file."""

    family_alpha: float = Field(0.05, gt=0, lt=1)
    pairs: Pairs = Pairs()
    on_inconclusive: Literal["warn", "fail"] = "warn"
    on_fingerprint_mismatch: Literal["error", "warn"] = "error"
    metric: tuple[Gated, ...] = Field(description="from 1 to MOST_METRICS")
    baseline: Baseline = Baseline()

    @property
    def alpha(self) -> float:
        """The α of each metric, so that all together are at `family_alpha` (Bonferroni)."""
        return self.family_alpha / len(self.metric)


# ---- reading ---------------------------------------------------------------------


def load(path: Path) -> Policy:
    """The policy in a file.

    Raises:
        UsageError: it can't be read or is wrong; it names all that is wrong.
    """
    if not path.exists():
        raise UsageError(
            f"there is no policy {path}", "`laiobench gate --init` writes one for this machine"
        )
    return parse(read_text(path), str(path))


def parse(text: str, origin: str) -> Policy:
    """The policy in a text; errors name it by `origin`.

    Raises:
        UsageError: as `load`.
    """
    document = parse_toml(text, origin)
    problems = [
        UsageError(f"{origin}: there is no key {key}{suggest(key, _TABLES)}")
        for key in document
        if key not in _TABLES
    ]
    version = document.get("schema")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        problems.append(
            UsageError(
                f"{origin}: schema must be {SCHEMA_VERSION}"
                + (f", not {version!r}" if "schema" in document else ", and is missing")
            )
        )
    policy, wrong = _of_tables(document.get("gate"), document.get("baseline", {}), origin)
    raise_all([*problems, *wrong])
    assert policy is not None  # else something is wrong
    return policy


def _of_tables(
    table: object, baseline: object, origin: str
) -> tuple[Policy | None, list[UsageError]]:
    """The policy in [gate] and [baseline]; None and the errors if they are wrong."""
    if not isinstance(table, dict):
        return None, [UsageError(f"{origin}: there is no [gate]", _EXAMPLE)]
    miscounted = _miscounted(table.get("metric"), origin)
    if "baseline" in table:
        misplaced = f"{origin}: gate.baseline: there is no such key"
        return None, [UsageError(misplaced, "[baseline] is a table of its own"), *miscounted]
    try:
        policy = Policy.model_validate({**_with_tuple(table), "baseline": baseline})
    except ValidationError as error:
        details = [detail for detail in error.errors() if detail["loc"] != ("metric",)]
        return None, [*(_explain(detail, origin) for detail in details), *miscounted]
    return policy, [*miscounted, *_repeated(policy, origin)]


_TABLES = ("schema", "gate", "baseline")
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
    """An error of pydantic's as one of ours."""
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
    """The place of a value, such as `gate.metric 2: max_regression`."""
    words = "gate"
    if location[:1] == ("baseline",):
        words, location = "baseline", location[1:]
    for part in location:
        words += f" {part + 1}:" if isinstance(part, int) else f".{part}"
    return words.replace(":.", ": ").removesuffix(":")


def _keys_at(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Policy
    if location[0] == "pairs":
        model = Pairs
    elif location[0] == "baseline":
        model = Baseline
    elif location[0] == "metric" and len(location) > 1:
        model = Gated
    return [name for name in model.model_fields if (model, name) != (Policy, "baseline")]


def _lowered(message: str) -> str:
    return (message[:1].lower() + message[1:]).removeprefix("input should be ")
