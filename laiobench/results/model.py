"""Record, the base class of all parts of documents, and the types of their fields."""

import json
import math
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticSerializationError

from laiobench.words import json_visible, one_line, printable


class Record(BaseModel):
    """A frozen model.  It ignores unknown fields, since a later version may have added them."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def _a_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _a_number(text: str) -> str:
    if not math.isfinite(float(text)):
        raise ValueError("it must be a number")
    return text


COUNT_END = 1 << 63
Whole = Annotated[int, Field(ge=0, lt=COUNT_END)]
"""A count, or a time in ns, that fits into C's int64_t."""


def _measurable(least: float, most: float) -> AfterValidator:
    """Check that a value is 0 or within bounds.

    Clocks and counters yield no value outside of them, and sums and ratios of values
    inside do not overflow.
    """

    def check(value: float) -> float:
        if value != 0 and not least <= value <= most:
            raise ValueError("it is nothing that can be measured")
        return value

    return AfterValidator(check)


Measured = Annotated[float, _measurable(1e-18, COUNT_END)]
"""A time or a rate that a run measured; 0: there was nothing to measure."""

Amount = Annotated[float, _measurable(1e-30, 1e30)]
"""A value computed from measured ones: a median, a spread."""

Ratio = Annotated[float, _measurable(1e-60, 1e60), Field(gt=0)]
"""The ratio of two values above 0."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole: a probability, a level."""

Percentage = Annotated[str, AfterValidator(_a_number)]
"""A percentage as the key of a table, such as `99.9`."""

Name = Annotated[str, AfterValidator(one_line)]
"""The name of a job, a file or a variant, on one line, so that it cannot break a table."""

Time = Annotated[str, AfterValidator(_a_time)]
"""A point in time, ISO 8601."""


def json_of(document: BaseModel, indent: int | None = None) -> str:
    """A document as JSON.  Bytes of names that are not UTF-8 are escaped, not an error."""
    try:
        return json_visible(document.model_dump_json(by_alias=True, indent=indent))
    except PydanticSerializationError:
        whole = printable(document.model_dump(mode="json", by_alias=True))
        return json_visible(json.dumps(whole, ensure_ascii=False, indent=indent))
