"""Jobs as the text of a TOML file; `toml_file` reads the same jobs from it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from laiobench.errors import UsageError
from laiobench.jobs.sources import toml_file
from laiobench.jobs.sources.resolve import resolve

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def value(of: Any) -> str:
    """A value in TOML's notation."""
    # A JSON string is a TOML string, too, except that TOML wants DEL escaped.
    return json.dumps(of, ensure_ascii=False).replace("\x7f", "\\u007f")


def to_toml(jobs: Sequence[Mapping[str, Any]], remark: str) -> str:
    """The text of a job file with these options, given as documents store them.

    Raises:
        UsageError: they do not form valid jobs, for example if the document is damaged.
    """
    lines = [f"# {line}" for line in remark.splitlines()] + ["schema = 1"]
    for number, job in enumerate(jobs, start=1):
        name = str(job.get("name", f"job{number}" if number > 1 else "job"))
        lines += ["", f"[job.{name if _BARE.fullmatch(name) else value(name)}]"]
        lines += [f"{key} = {value(of)}" for key, of in job.items() if key != "name"]
    text = "\n".join(lines) + "\n"
    resolve(toml_file.parse(text, "the jobs of the calibration").drafts)
    names = [job.get("name", "job") for job in jobs]
    if len(set(names)) < len(names):
        raise UsageError("two jobs of the calibration have one name, which a job file cannot have")
    return text
