"""Free form: the parts of documents that have any keys, and the keys that readers rely on.

Options, counters and facts about the machine differ between versions, so unknown keys are
kept as they are.  The keys that this program reads by name must have the right type,
whoever wrote the document.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from laiobench.results.model import COUNT_END


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Options(_Open):
    """The options of a job that are read by name."""

    rw: str = ""
    iodepth: int = 1
    completion: str = ""
    direct: bool = True
    engine: str = ""
    numjobs: int = 1
    group_reporting: bool = False
    randrepeat: bool = True
    latency_target: float = 0
    latency_window: float = 0
    latency_percentile: float = 0
    steadystate_duration: float = 0


class _Machine(_Open):
    """The facts about the machine that are read by name."""

    host: str = ""
    boot_id: str = ""
    kernel: str = ""
    cpu: dict[str, Any] = {}
    targets: dict[str, dict[str, Any]] = {}


def _fitting(shape: type[_Open]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        try:
            shape.model_validate(value)
        except ValidationError as error:
            raise _wrong(error) from None
        return value

    return check


def _wrong(error: ValidationError) -> PydanticCustomError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return PydanticCustomError("free_form", "{what}", {"what": f"{where}: {first['msg']}"})


_COUNTERS_OF_BEFORE = {
    ("submit", "iocbs"): "requests",
    ("submit", "head_failures"): "rejected",
    ("other", "io_getevents"): "waits",
}
"""Group and name of a counter in documents of earlier versions, and its name today."""


def _with_todays_names(counters: dict[str, Any]) -> dict[str, Any]:
    return {
        group: {
            _COUNTERS_OF_BEFORE.get((group, name), name): value for name, value in named.items()
        }
        for group, named in counters.items()
    }


def _check_counters(counters: dict[str, Any]) -> dict[str, Any]:
    """Check that all values are counts; `batch_sizes` is a table of counts by size of the batch."""
    for group, named in counters.items():
        for name, value in named.items():
            if name == "batch_sizes":
                is_well = isinstance(value, dict) and all(map(_is_count, value.values()))
            else:
                is_well = _is_count(value)
            if not is_well:
                problem = {"what": f"{group}.{name}: it is no count"}
                raise PydanticCustomError("free_form", "{what}", problem)
    return _with_todays_names(counters)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < COUNT_END


Options = Annotated[dict[str, Any], AfterValidator(_fitting(_Options))]
Machine = Annotated[dict[str, Any], AfterValidator(_fitting(_Machine))]
Counters = Annotated[dict[str, dict[str, Any]], AfterValidator(_check_counters)]
