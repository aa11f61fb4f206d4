"""Writes options.md: every option of a job, from its definition.  `make docs` runs it."""

from itertools import groupby
from pathlib import Path

from laiobench.jobs.options import ALIASES, options
from laiobench.jobs.sources.fio_compat import FOREIGN, Foreign

PAGE = Path(__file__).with_suffix(".md")

BEGIN = """\
# Options of a job

Made from the definitions by `make docs`; what `laiobench run --help` lists. Every option is a flag
(`--iodepth=32`, `--ramp_time 5`, `--ramp-time=5`), a key of a TOML profile and of a job file of
fio's, and an environment variable (`LAIOBENCH_IODEPTH`). Sizes take k, m, g, t, p and e, in powers
of 1024; durations take ns, us, ms, s, m, h and d; a bare number is in the unit shown.
"""


def page() -> str:
    """The text of the page."""
    parts = [BEGIN]
    for title, group in groupby(options(), key=lambda option: option.group):
        parts.append(f"\n## {title}\n\n| option | default | unit | |\n|---|---|---|---|\n")
        parts += [
            f"| `{option.name}` | {option.default} | {option.unit} | {cell(option.help)} |\n"
            for option in group
        ]
    parts += [other_names(), *fio_s()]
    return "".join(parts)


def other_names() -> str:
    rows = "".join(
        f"| `{name}` | {f'`{alias}`' if isinstance(alias, str) else 'as it is meant'} |\n"
        for name, alias in sorted(ALIASES.items())
    )
    return f"\n## fio's other names\n\n| name | here |\n|---|---|\n{rows}"


def fio_s() -> list[str]:
    """The tables of fio's options that jobs do not have."""
    noted: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    for name, foreign in sorted(FOREIGN.items()):
        if foreign.accepted is None:
            noted.setdefault(foreign.note, []).append(f"`{name}`")
        else:
            refused.setdefault(foreign.remedy, []).append(f"`{name}`{only(foreign)}")
    return [
        "\n## fio's options that are accepted, and change nothing\n\n",
        "Each is noted in the result and by `laiobench explain`.\n\n| options | |\n|---|---|\n",
        *rows(noted),
        "\n## fio's options that are errors\n\n",
        "Each is told with its line, and with this:\n\n| options | what to do |\n|---|---|\n",
        *rows(refused),
    ]


def only(foreign: Foreign) -> str:
    return f" (other than {foreign.taken})" if foreign.taken else ""


def rows(texts: dict[str, list[str]]) -> list[str]:
    return [f"| {' '.join(names)} | {cell(text)} |\n" for text, names in texts.items()]


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


if __name__ == "__main__":
    PAGE.write_text(page())
