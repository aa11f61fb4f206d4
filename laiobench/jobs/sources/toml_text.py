"""Jobs as the text of a TOML file, which `toml_file` reads again as the same jobs."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from laiobench.errors import UsageError
from laiobench.jobs.sources import toml_file
from laiobench.jobs.sources.resolve import resolve

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def value(of: Any) -> str:
    """A value as TOML has it."""
    # A JSON string is a TOML one, but for DEL, which TOML wants escaped.
    return json.dumps(of, ensure_ascii=False).replace("\x7f", "\\u007f")


def to_toml(jobs: Sequence[Mapping[str, Any]], remark: str) -> str:
    """Jobs' options, as documents have them, as a file.

    Raises:
        UsageError: these are no jobs, such as those of a damaged document.
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
