"""Where jobs come from: profiles, files and flags, brought into one form.

A source yields Drafts: named sets of settings, each with its origin.  Layers
of settings are put over each other, and `resolve()` makes Jobs of the drafts,
telling all that is wrong at once, with where it was written.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from laiobench.errors import UsageError, raise_all
from laiobench.job import Job, canonical, option_names


@dataclass(frozen=True)
class Setting:
    """An option's value as it was written, and where.

    `origin` is a place, such as `quick.toml:7`, or, if `is_name`, the option's
    own name there, such as `--iodepth` or `LAIOBENCH_IODEPTH`.
    """

    value: object
    origin: str
    is_name: bool = False

    def told(self, name: str) -> str:
        """How an error begins that is about this setting of option `name`."""
        text = str(self.value)
        if not text.isprintable():
            text = repr(text)[1:-1]
        return f"{self.origin}={text}" if self.is_name else f"{self.origin}: {name}={text}"


Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Draft:
    """A job before it is checked."""

    name: str
    settings: dict[str, Setting] = field(default_factory=dict)

    def under(self, layer: Settings) -> "Draft":
        """The same with `layer` put over it."""
        return Draft(self.name, {**self.settings, **layer})


@dataclass(frozen=True)
class Source:
    """Jobs to run, and what they are for."""

    origin: str
    description: str
    drafts: tuple[Draft, ...]


def resolve(drafts: Sequence[Draft]) -> list[Job]:
    """Check all drafts.

    Raises:
        UsageError: one or more settings are wrong; all are told.
    """
    jobs: list[Job] = []
    problems: dict[str, UsageError] = {}  # by text: a global's fault is told once
    for draft in drafts:
        values = {"name": draft.name} | {
            name: setting.value for name, setting in draft.settings.items()
        }
        try:
            jobs.append(Job.model_validate(values))
        except ValidationError as error:
            for detail in _as_written(error, draft):
                problem = _explain(detail, draft)
                problems.setdefault(str(problem), problem)
    raise_all(list(problems.values()))
    return jobs


def put(settings: dict[str, Setting], name: str, setting: Setting) -> None:
    """Add a setting under our name for the option, so that layers cover each other.

    Raises:
        UsageError: the value is none that fio's other name for it takes.
    """
    try:
        name, value = canonical(name, setting.value)
    except ValueError as error:
        raise UsageError(f"{setting.told(name)}: {error}") from None
    settings[name] = replace(setting, value=value)


def unknown_option(name: str, origin: str) -> UsageError:
    """The error for an option that there is not, with the nearest that there is."""
    return UsageError(f"{origin}: there is no option {name}{suggest(name, option_names())}")


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean iodepth?`, or nothing."""
    bare = {option.lstrip("-"): option for option in known}
    close = difflib.get_close_matches(name.lstrip("-"), list(bare), n=1, cutoff=0.7)
    return f"; did you mean {bare[close[0]]}?" if close else ""


def _as_written(error: ValidationError, draft: Draft) -> list[Any]:
    """The details in the order of the settings that they are about."""
    order = {name: number for number, name in enumerate(draft.settings)}

    def place(detail: Any) -> int:
        return order.get(str(detail["loc"][0]), -1) if detail["loc"] else len(order)

    return sorted(error.errors(), key=place)


def _explain(detail: Any, draft: Draft) -> UsageError:
    """One of pydantic's errors in our words."""
    name = str(detail["loc"][0]) if detail["loc"] else ""
    setting = draft.settings.get(name)
    if setting is None:
        return UsageError(f"job {draft.name}: {_reason(detail)}")
    if detail["type"] == "extra_forbidden":
        return unknown_option(name, setting.origin)
    return UsageError(f"{setting.told(name)}: {_reason(detail)}")


def _reason(detail: Any) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            choices = context["expected"].replace("'", "")
            words = choices.replace(" or ", ", ").split(", ")
            return f"it must be {choices}{suggest(str(detail['input']), words)}"
        case "greater_than_equal":
            return f"it must be at least {context['ge']:,}"
        case "greater_than":
            return f"it must be above {context['gt']:,}"
        case "less_than_equal":
            return f"it must be at most {context['le']:,}"
        case "less_than":
            return f"it must be below {context['lt']:,}"
        case "value_error":
            return str(context["error"])
        case "int_type" | "int_parsing" | "int_from_float":
            return "it must be a whole number"
        case "float_type" | "float_parsing":
            return "it must be a number"
        case "bool_type" | "bool_parsing":
            return "it must be 1 or 0"
        case "string_type":
            return "it must be text"
        case "string_unicode":
            return "it must be text in UTF-8"
        case "string_too_short":
            return "it must not be empty"
        case "string_pattern_mismatch":
            return "it must not contain control characters"
        case _:
            return str(detail["msg"])
