"""Record: what all parts of documents are made of."""

import json
import math
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticSerializationError

from laiobench.words import json_visible, one_line, printable


class Record(BaseModel):
    """Frozen; what a later version adds is ignored, not refused."""

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
"""A count, or ns: what C code that is handed it can hold."""


def _measurable(least: float, most: float) -> AfterValidator:
    """Nothing that a clock and a counter tell is beyond, and no sum or ratio of it overflows."""

    def check(value: float) -> float:
        if value != 0 and not least <= value <= most:
            raise ValueError("it is nothing that can be measured")
        return value

    return AfterValidator(check)


Measured = Annotated[float, _measurable(1e-18, COUNT_END)]
"""A time, or a rate, of a run; 0: there was nothing."""

Amount = Annotated[float, _measurable(1e-30, 1e30)]
"""What was worked out of such values: a median, a spread."""

Ratio = Annotated[float, _measurable(1e-60, 1e60), Field(gt=0)]
"""Of two values above 0."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole: a probability, a level."""

Percentage = Annotated[str, AfterValidator(_a_number)]
"""A key such as `99.9`."""

Name = Annotated[str, AfterValidator(one_line)]
"""What a job, a file or a variant is called: it ends no line of a table."""

Time = Annotated[str, AfterValidator(_a_time)]
"""A point in time, ISO 8601."""


def json_of(document: BaseModel, indent: int | None = None) -> str:
    """A document as text.  What was measured is not lost for a name that is no UTF-8."""
    try:
        return json_visible(document.model_dump_json(by_alias=True, indent=indent))
    except PydanticSerializationError:
        whole = printable(document.model_dump(mode="json", by_alias=True))
        return json_visible(json.dumps(whole, ensure_ascii=False, indent=indent))
