"""The JSON Schema of profiles in TOML, made from the options.

For editors, and for programs that write profiles.  Numbers may also be text with the
suffixes that their option takes; whether options fit together is not checked.
"""

from typing import Any

from pydantic import BeforeValidator

from laiobench.jobs.options import ALIASES, Job, options
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.toml_file import SCHEMA_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of a whole file."""
    table = {"$ref": "#/$defs/options"}
    return {
        "$schema": DIALECT,
        "title": "laiobench profile",
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA_VERSION},
            "description": {"type": "string"},
            "global": table | {"description": "options of all jobs"},
            "job": {
                "type": "object",
                "description": "the jobs, by name",
                "minProperties": 1,
                "additionalProperties": table,
            },
        },
        "required": ["job"],
        "additionalProperties": False,
        "$defs": {
            "options": {
                "type": "object",
                "properties": _options(),
                "additionalProperties": False,
            }
        },
    }


def _options() -> dict[str, Any]:
    fields = Job.model_json_schema()["properties"]
    for name, default in Job().model_dump().items():  # as it is written
        fields[name]["default"] = default
    found = {
        option.name: _option(fields[option.name], option.unit, has_words=_has_words(option.name))
        for option in options()
    }
    for name, alias in ALIASES.items():
        told = f"fio's other name for {alias}" if isinstance(alias, str) else "fio's; see the help"
        found[name] = {**(found[alias] if isinstance(alias, str) else {}), "description": told}
    for name, foreign in FOREIGN.items():
        if name not in found and foreign.accepted is None:
            found[name] = {"description": f"fio's, without effect: {foreign.note}"}
    return found


def _has_words(name: str) -> bool:
    """Whether its text may differ from its stored value: `rw=readwrite`."""
    return any(isinstance(rule, BeforeValidator) for rule in Job.model_fields[name].metadata)


def _option(field: dict[str, Any], unit: str, *, has_words: bool) -> dict[str, Any]:
    """The schema of a field as it may be written: as text, too; flags also as numbers."""
    told = {key: field.pop(key) for key in ("description", "default") if key in field}
    for key in ("title", "unit", "may_be_bare"):
        field.pop(key, None)
    if unit:
        told["description"] = f"{told['description']} [{unit}]"
    if field.get("type") == "boolean":
        return told | {"type": ["boolean", "integer", "string"]}
    choices = field.pop("anyOf", [field])
    written = [choice for choice in choices if choice.get("type") != "null"]
    if has_words or not any(_takes_text(choice) for choice in written):
        written.append({"type": "string"})
    return told | (written[0] if len(written) == 1 else {"anyOf": written})


def _takes_text(choice: dict[str, Any]) -> bool:
    types = choice.get("type", "string")
    return "enum" in choice or "const" in choice or types == "string" or "string" in types
