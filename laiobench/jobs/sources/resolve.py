"""From drafts to jobs: all faults are told at once, each with where it was written."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from laiobench.errors import UsageError, raise_all
from laiobench.jobs.options import Job, option_names
from laiobench.jobs.options.engines import ENGINES, parse_engine
from laiobench.jobs.options.output import LOGS
from laiobench.jobs.sources.fio_compat import FOREIGN, ON, remark
from laiobench.jobs.sources.fio_differences import misread_kilos
from laiobench.jobs.sources.fio_engines import engine_hint
from laiobench.jobs.sources.settings import Draft, Setting
from laiobench.words import suggest

# They say how many names fio makes up for files; it makes up none where there is a filename.
_OF_NAMES_MADE = ("nrfiles", "nr_files")
_WINDOW_MS = Job.model_fields["log_avg_msec"].default


def resolve(drafts: Sequence[Draft]) -> list[Job]:
    """Check the drafts, and make jobs of them.

    Raises:
        UsageError: one or more settings are wrong; all are told.
    """
    jobs: list[Job] = []
    problems: dict[str, UsageError] = {}  # by text, so that a fault in [global] is told once
    for draft in drafts:
        values: dict[str, object] = {"name": draft.name}
        for name, setting in draft.settings.items():
            if name in Job.model_fields:
                values[name] = setting.value
        found = [*_not_ours(draft), *misread_kilos(draft)]
        try:
            jobs.append(Job.model_validate(values))
        except ValidationError as error:
            for detail in error.errors():
                found += [(_name(detail), problem) for problem in _explain(detail, draft)]
        order = {name: number for number, name in enumerate(draft.settings)}
        for _, problem in sorted(found, key=lambda pair: order.get(pair[0], len(order))):
            problems.setdefault(str(problem), problem)
    raise_all(list(problems.values()))
    return jobs


def notes(drafts: Sequence[Draft]) -> list[str]:
    """What was accepted without an effect, or with an unexpected one; each once."""
    found: dict[str, None] = {}
    for draft in drafts:
        for name, setting in draft.settings.items():
            if text := _remark(name, setting, draft):
                found[f"{setting.told(name)}: {text}"] = None
    return list(found)


def _remark(name: str, setting: Setting, draft: Draft) -> str:
    if text := _without_effect(name, setting, draft):
        return text
    if name in LOGS and "log_avg_msec" not in draft.settings:
        return f"a line for each {_WINDOW_MS} ms, not for each I/O; see log_avg_msec"
    if name in _OF_NAMES_MADE and "filename" in draft.settings:
        return "a job has one file, which filename names"
    if name == "filename_format" and "filename" not in draft.settings:
        return "no files are made by these names: jobs without filename use one scratch file"
    if name == "create_only" and str(setting.value).lower() in ON:
        return "its file is made, if it is not there, and the job is not run"
    return remark(*setting.as_written(name))


def _without_effect(name: str, setting: Setting, draft: Draft) -> str:
    """Of an option that the job's engine leaves no choice in."""
    given = draft.settings.get("engine")
    engine = str(parse_engine(given.value)).strip() if given else ""
    imposed = ENGINES[engine].imposed if engine in ENGINES else {}
    if name not in imposed or str(setting.value).strip() == str(imposed[name]):
        return ""
    return (
        f"no effect with engine={engine}, whose calls block: one I/O is in flight at a time, and "
        "done when it has been submitted"
    )


def unknown_option(name: str, origin: str) -> UsageError:
    """The error for an option that does not exist, with the nearest one."""
    return UsageError(f"{origin}: there is no option {name}{suggest(name, option_names())}")


def _not_ours(draft: Draft) -> Iterator[tuple[str, UsageError]]:
    """Errors for fio's options that we lack, and for settings that are wrong as written."""
    for name, setting in draft.settings.items():
        if setting.refusal:
            yield name, _hidden(name, setting) if setting.hides else setting.refusal
        elif name in Job.model_fields or (name in _OF_NAMES_MADE and "filename" in draft.settings):
            continue
        elif name not in FOREIGN:
            yield name, unknown_option(name, setting.origin)
        elif reason := FOREIGN[name].refusal(str(setting.value)):
            told = UsageError(f"{setting.told(name)}: {reason.problem}", reason.remedy)
            yield name, _hidden(name, setting) if setting.hides else told


def _hidden(name: str, setting: Setting) -> UsageError:
    """The error for a setting that must not be shown."""
    return UsageError(f"{setting.told(name)} is wrong; {setting.hides} is not shown")


def _name(detail: Any) -> str:
    return str(detail["loc"][0]) if detail["loc"] else ""


def _explain(detail: Any, draft: Draft) -> Iterator[UsageError]:
    """One of pydantic's errors in our words; several, if options contradict each other."""
    name = _name(detail)
    setting = draft.settings.get(name)
    if setting and setting.hides:
        yield _hidden(name, setting)
        return
    if setting:
        yield UsageError(f"{setting.told(name)}: {_reason(detail)}", _remedy(name, setting))
        return
    for fault in _reason(detail).splitlines():
        yield UsageError(_together(fault, draft))


def _together(fault: str, draft: Draft) -> str:
    """Of options that do not go together; it begins with where the first of them was set."""
    names = [word for word in dict.fromkeys(re.findall(r"\w+", fault)) if word in draft.settings]
    if not names:
        return f"job {draft.name}: {fault}"
    place = f"{draft.settings[names[0]].origin}: job {draft.name}: "
    if hidden := [name for name in names if draft.settings[name].hides]:
        what = draft.settings[hidden[0]].hides
        return f"{place}{' and '.join(names)} do not fit together; {what} is not shown"
    return place + fault


def _remedy(name: str, setting: Setting) -> str:
    written, value = setting.as_written(name)
    if written == "ioengine":
        return engine_hint(value)
    if name == "zonemode" and value.strip() == "zbd":
        return "zoned block devices are not supported: give the target as any other, without zones"
    return ""


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
