"""Writes laiobench/jobs/options/arguments.py, the types of `Job(…)`'s arguments.

For `make docs`.
"""

import inspect
from pathlib import Path

from pydantic.fields import FieldInfo

import laiobench.jobs.options
from laiobench.jobs.options import ALIASES, GROUPS

MODULE = Path(inspect.getfile(laiobench.jobs.options)).with_name("arguments.py")

BEGIN = '''\
"""The arguments of `Job`, for type checkers and editors.

`make docs` writes this file from the options.  The types are of what a user may write, such
as `"4k"` for 4096; the fields of `Job` have the types after parsing.
"""

from typing import Any, TypedDict

Flag = bool | int | str


class JobArguments(TypedDict, total=False):
    """Each may be left out."""
'''


def module() -> str:
    """The text of the module."""
    parts = [BEGIN]
    for group in GROUPS:
        parts.append(f"\n    # {group.TITLE}\n")
        parts += [f"    {name}: {accepted(field)}\n" for name, field in group.model_fields.items()]
    parts += ["\n    # fio's other names\n", *(f"    {name}: Any\n" for name in sorted(ALIASES))]
    return "".join(parts)


def accepted(field: FieldInfo) -> str:
    if field.annotation is bool:
        return "Flag"
    return {str: "str", str | None: "str | None"}.get(field.annotation, "Any")


if __name__ == "__main__":
    MODULE.write_text(module())
