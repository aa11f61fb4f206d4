"""All sources of a command together: files, profiles, the environment and flags.

Flags replace settings of the environment, and both replace those of files.  Several
sources run one after the other, as if all but the first began with a stonewall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from laiobench.errors import CombinedUsageError, UsageError, raise_all
from laiobench.jobs.sources import Draft, Setting, Source, over
from laiobench.jobs.sources.flags import Flags, from_environment
from laiobench.jobs.sources.profiles import DEFAULT, open_source
from laiobench.words import suggest


def gather(
    references: Sequence[str],
    flags: Flags,
    environment: Mapping[str, str],
    sections: Sequence[str] = (),
) -> list[Draft]:
    """The drafts of all jobs, in the order in which they are to run.

    Args:
        references: profiles and files, by name.
        flags: the command line; its jobs come after those of `references`.
        environment: may have LAIOBENCH_* variables.
        sections: the names of the jobs to take; empty: all.

    Raises:
        UsageError: a source is wrong, or a section does not exist.
    """
    if flags.ends_in_globals and (flags.drafts or not references):
        raise UsageError(
            "--name=global begins settings for the jobs below, and there is none",
            "begin a job with --name=NAME",
        )
    variables = from_environment(environment)
    sources = list(_open(references, flags))
    _check_sections(sections, sources)
    drafts: list[Draft] = []
    for source in sources:
        chosen = [draft for draft in source.drafts if not sections or draft.name in sections]
        for number, draft in enumerate(chosen):
            apart = {}
            if number == 0 and drafts and "stonewall" not in draft.settings:
                apart = {"stonewall": Setting(True, f"{source.origin} comes after others")}
            drafts.append(draft.under(apart).under(variables).under(flags.settings))
    own = [
        replace(draft, settings=over(over(variables, flags.settings), draft.settings))
        for draft in flags.drafts
    ]
    if own and drafts and "stonewall" not in own[0].settings:
        own[0].settings["stonewall"] = Setting(True, "the command line comes after files")
    return [draft.with_implied() for draft in drafts + own]


def _open(references: Sequence[str], flags: Flags) -> Iterator[Source]:
    if not references and not flags.drafts:
        if flags.settings:
            yield Source("the command line", "", (Draft("job"),))
        else:
            yield open_source(DEFAULT)
    problems: list[UsageError] = []
    for reference in references:
        try:
            yield open_source(reference)
        except CombinedUsageError as error:
            problems += error.problems
        except UsageError as error:
            problems.append(error)
    raise_all(problems)


def _check_sections(sections: Sequence[str], sources: Sequence[Source]) -> None:
    """Each section must be the name of a job."""
    names = [draft.name for source in sources for draft in source.drafts]
    raise_all(
        [
            UsageError(
                f"--section={section}: there is no such job{suggest(section, names)}",
                f"these are: {', '.join(dict.fromkeys(names))}"
                if names
                else "it chooses among a file's jobs: give the file",
            )
            for section in sections
            if section not in names
        ]
    )
