"""What `--cmdhelp`, `--enghelp`, `--help` and `--version` of fio's command line answer."""

import shutil
import textwrap
from collections.abc import Iterator

from laiobench.errors import UsageError
from laiobench.jobs.options import ALIASES, Option, canonical, option_names, options
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.report.export.fio_json import DIALECT
from laiobench.version import __version__
from laiobench.words import suggest

VERSION = f"{DIALECT}-laiobench-{__version__}"

USAGE = f"""{VERSION}
fio [options] [job options] <job file(s)>
  --parse-only          Parse options only, start no I/O
  --output=FILE         Write the answer to a file
  --output-format=TYPE  normal, terse, json or json+; several, parted by commas
  --minimal             As --output-format=terse
  --append-terse        Terse lines besides
  --terse-version=N     3, 4 or 5 (default 3)
  --section=NAME        Run this job of a file alone; may be repeated
  --readonly            Refuse every job that changes data
  --eta=WHEN            Progress on a terminal: always, auto or never
  --status-interval=T   Tell on stderr how the jobs are doing, a JSON object a line
  --aux-path=FOLDER     Where logs and states of verifications go
  --cmdhelp[=OPTION]    List the options of jobs, or tell of one
  --enghelp[=ENGINE]    List the engines, or tell of the options of one
  --version             Print the version

What is measured is measured by laiobench, which takes fio's place here.  To a target that is
named it writes only if LAIOBENCH_ALLOW_WRITE=PATH[:PATH] names it, too.
"""


def answer(asked: str, name: str) -> str:
    """The text that was asked for.

    Raises:
        UsageError: there is no option or engine of this name.
    """
    match asked:
        case "version":
            return VERSION
        case "help":
            return USAGE.rstrip("\n")
        case "enghelp":
            return "\n".join(_engine(name) if name else _engines())
        case _:
            return "\n".join(_option(name) if name and name != "all" else _all_options())


def _all_options() -> Iterator[str]:
    for option in options():
        yield f"{option.name:<24}: {_first(option.help)}"


def _first(text: str) -> str:
    """No longer than the line."""
    width = max(40, shutil.get_terminal_size().columns - 26)
    return textwrap.shorten(text, width, placeholder=" …")


def _option(name: str) -> Iterator[str]:
    written = name.replace("-", "_")
    if written in option_names():
        ours = written if written not in ALIASES else canonical(written, "1")[0]
        (option,) = [one for one in options() if one.name == ours]
        yield from _told(option)
    elif foreign := FOREIGN.get(written):
        yield f"{written:>20}: {foreign.note or foreign.remedy}"
    else:
        raise UsageError(f"no such option: {name}{suggest(written, option_names())}")


def _told(option: Option) -> Iterator[str]:
    yield f"{option.name:>20}: {option.help}"
    for alias, meant in ALIASES.items():
        if meant == option.name:
            yield f"{'alias':>20}: {alias}"
    yield f"{'type':>20}: {option.unit or ('flag' if option.is_flag else 'value')}"
    yield f"{'default':>20}: {option.default or 'no default'}"


def _engines() -> Iterator[str]:
    yield "Available IO engines:"
    for name, engine in ENGINES.items():
        for one in (name, *engine.of_fio):
            yield f"\t{one}"


def _engine(name: str) -> Iterator[str]:
    for ours, engine in ENGINES.items():
        if name == ours or name in engine.of_fio:
            by_name = {option.name: option for option in options()}
            for option in engine.options:
                yield f"{option:<24}: {_first(by_name[option].help)}"
            return
    raise UsageError(f"IO engine {name} not found", f"there are {', '.join(ENGINES)}")
