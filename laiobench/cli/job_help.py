"""Help of a command that takes a job's options: one screen, everything, or one option.

Knows how help is laid out; what options mean is said where they are defined.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import get_args

import click

from laiobench.errors import UsageError
from laiobench.jobs.options import ALIASES, Job, Option, canonical, option_names, options
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.flags import ENVIRONMENT_PREFIX
from laiobench.words import suggest

NEEDED = (
    "filename", "rw", "bs", "iodepth", "size", "runtime", "numjobs", "rwmixread", "completion",
)  # fmt: skip
"""The options of a job that most people need, in the order in which one thinks of them."""

Row = tuple[str, str]
Parameters = Sequence[click.Parameter]


def asked(arguments: Sequence[str]) -> tuple[str, list[str]] | None:
    """Which help is asked for, and for which options; None if none is."""
    before_files = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for at, word in enumerate(before_files):
        if word in ("-h", "--help"):
            return word, before_files[at + 1 :]
    return None


def write_screen(
    formatter: click.HelpFormatter,
    command: click.Command,
    path: str,
    needed: Sequence[str],
    examples: Sequence[str],
) -> None:
    """Write what most people need, examples first."""
    write_examples(formatter, examples)
    by_name = {option.name: option for option in options()}
    rows = [(usage(by_name[name]), _first_words(by_name[name].help)) for name in NEEDED]
    own = {parameter.opts[0]: parameter for parameter in command.params}
    rows += [_short(own[name]) for name in needed]
    with formatter.section("What is mostly needed"):
        formatter.write_dl(rows)
    with formatter.section("More"):
        formatter.write_dl(
            [
                (f"{path} --help", f"all {len(by_name)} options of jobs, and the others"),
                (f"{path} --help iodepth", "one of them"),
                ("laiobench profiles", "what can be run by name"),
            ],
            col_max=50,
        )


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write command lines unchanged."""
    formatter.write_paragraph()
    with formatter.indentation():
        for line in examples:
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def write_job_options(formatter: click.HelpFormatter) -> None:
    """Write all options of a job, by group."""
    for title, group in groupby(options(), key=lambda option: option.group):
        with formatter.section(title):
            formatter.write_dl([(usage(option), _text(option)) for option in group])


def write_named(
    formatter: click.HelpFormatter, parameters: Parameters, words: Sequence[str]
) -> None:
    """Write all that is known of these options.

    Raises:
        UsageError: one of them does not exist.
    """
    for number, word in enumerate(words):
        write = _writer(word.lstrip("-").partition("=")[0], parameters)
        if number:
            formatter.write_paragraph()
        write(formatter)


def usage(option: Option) -> str:
    """How the option is written on a command line."""
    return f"--{option.name}" if option.is_flag else f"--{option.name}=…"


# ---- one option ------------------------------------------------------------------


def _writer(word: str, parameters: Parameters) -> Callable[[click.HelpFormatter], None]:
    """What writes the help of an option of the command, of a job, or of fio."""
    for parameter in parameters:
        if f"--{word}" in parameter.opts:
            return lambda formatter: _write_own(formatter, parameter)
    name = word.replace("-", "_")
    by_name = {option.name: option for option in options()}
    if name in option_names():
        ours = name if name in by_name else canonical(name, "1")[0]
        return lambda formatter: _write_of_job(formatter, by_name[ours], name)
    if name in FOREIGN:
        return lambda formatter: _write_foreign(formatter, name)
    own = [name.lstrip("-") for parameter in parameters for name in parameter.opts]
    raise UsageError(f"there is no option {word}{suggest(word, [*own, *option_names()])}")


def _write_own(formatter: click.HelpFormatter, parameter: click.Parameter) -> None:
    record = parameter.get_help_record(click.Context(click.Command("")))
    if record:
        formatter.write_dl([record])


def _write_of_job(formatter: click.HelpFormatter, option: Option, asked_as: str) -> None:
    formatter.write_dl([(usage(option), _text(option))])
    values = get_args(Job.model_fields[option.name].annotation)
    names = [name for name, meant in ALIASES.items() if meant == option.name]
    names += [asked_as] if asked_as not in (option.name, *names) else []
    facts = [f"one of: {', '.join(values)}"] if _are_words(values) else []
    facts.append(f"in a file: {option.name} = …; in the environment: {_variable(option.name)}")
    facts += [f"fio's other names: {', '.join(names)}"] if names else []
    with formatter.indentation():
        for fact in facts:
            formatter.write_text(fact)


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper()


def _are_words(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(value, str) for value in values)


def _write_foreign(formatter: click.HelpFormatter, name: str) -> None:
    """An option of fio that a job lacks."""
    foreign = FOREIGN[name]
    if foreign.accepted is None:
        text = f"accepted, and changes nothing: {foreign.note}"
    elif taken := foreign.taken:
        text = f"laiobench supports only {taken}: {foreign.remedy}"
    else:
        text = f"laiobench does not support this option of fio's: {foreign.remedy}"
    formatter.write_dl([(f"--{name}", text)])


# ---- words -----------------------------------------------------------------------


def _short(parameter: click.Parameter) -> Row:
    """One of the command's own options, in a few words."""
    assert isinstance(parameter, click.Option)
    value = "" if parameter.is_flag else f" {parameter.metavar or 'N'}"
    return f"{parameter.opts[0]}{value}", _first_words(parameter.help or "")


def _first_words(text: str) -> str:
    """The help text's first statement."""
    return text.partition("; ")[0].partition(".  ")[0].removesuffix(".")


def _text(option: Option) -> str:
    notes = [note for note in (option.unit, option.default and f"default {option.default}") if note]
    return f"{option.help}  [{', '.join(notes)}]" if notes else option.help
