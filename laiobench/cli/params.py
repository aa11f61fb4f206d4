"""Types of the values that commands' own options take."""

from pathlib import Path
from typing import Any

import click

from laiobench.units import NS_PER_S, parse_duration_ns


class DurationType(click.ParamType[float]):
    """Seconds, or a number with a unit: `500ms`, `2m`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return parse_duration_ns(value, "s") / NS_PER_S
        except ValueError as error:
            self.fail(str(error), param, ctx)


class PathType(click.ParamType[Path]):
    """A file or a folder; not empty: that would be the current folder, by an unset variable."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if value == "":
            named = param.opts[0] if param else "a path"
            self.fail(f"{named} is empty: is a variable empty?", param, ctx)
        return Path(value)


class ShareType(click.ParamType[float]):
    """A share: `2%` or `0.02`."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{text!r} is no share; write 2% or 0.02", param, ctx)
