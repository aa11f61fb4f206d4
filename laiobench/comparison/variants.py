"""Variants: parses `--vary KEY=V1,V2`, and makes the variants of a comparison from it.

A key is an option of all jobs, or as `JOB.KEY` of one job; any other name is a free key,
which only commands around the trials use.  Values are separated by commas, or by semicolons
if there is one, so that values may contain commas.
"""

import itertools
import math
import random
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from laiobench.errors import UsageError, raise_all
from laiobench.jobs.options import Job, option_names
from laiobench.jobs.sources import Draft, Setting, put, resolve
from laiobench.results.comparison import Design, Variant
from laiobench.results.copies import labels
from laiobench.words import printable, suggest

ORIGIN = "--vary"

MOST_VARIANTS = 256
"""More variants would be measured for days, and all are checked before the first trial."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.#-]*")


@dataclass(frozen=True)
class Vary:
    """One key and the values that it takes."""

    key: str
    """The key as it was written."""
    values: tuple[str, ...]
    job: str | None = None
    """The job, for `JOB.KEY`; None: all jobs."""
    option: str | None = None
    """The option; None: a free key."""


@dataclass(frozen=True)
class LiveVariant:
    """A variant that can be run."""

    name: str
    jobs: tuple[Job, ...]
    set: Mapping[str, str] = field(default_factory=dict)
    """Its values by key, as they were written."""
    spike: float = 0.0
    """The slowness that the core plants, as a share of each I/O; above 0 in a spike arm alone."""


def parse(text: str, job_names: Collection[str]) -> Vary:
    """Parse one `--vary`.

    Args:
        text: as the user wrote it.
        job_names: of all jobs.

    Raises:
        UsageError: it is no KEY=V1,V2, has a value twice, or names a job that is not there.
    """
    key, equals, listed = text.partition("=")
    key = key.strip()
    if not equals or not _KEY.fullmatch(key):
        raise UsageError(f"--vary {text}: write it as KEY=VALUE,VALUE")
    values = tuple(value.strip() for value in listed.split(";" if ";" in listed else ","))
    if len(values) < 2 or not all(values):
        raise UsageError(
            f"--vary {text}: it takes two values or more",
            "part them by commas, or by semicolons where they have commas: cpus_allowed='0,1;2,3'",
        )
    if len(set(values)) < len(values):
        raise UsageError(f"--vary {text}: a value is there twice")
    job, option = _split_key(key, job_names)
    return Vary(key, values, job, option)


def _split_key(key: str, job_names: Collection[str]) -> tuple[str | None, str | None]:
    """(job, option): the job is None for all jobs, the option is None for a free key."""
    bare = key.replace("-", "_")
    if bare in option_names():
        return None, bare
    job, _, option = key.rpartition(".")
    option = option.replace("-", "_")
    if job and option in option_names():
        if job not in job_names:
            raise UsageError(f"--vary {key}: there is no job {job}{suggest(job, job_names)}")
        return job, option
    return None, None


def check_keys(varies: Sequence[Vary], commands: Sequence[str]) -> None:
    """Check that no key comes twice, and that a command uses each free key.

    Raises:
        UsageError: a key is wrong, or nothing varies; it names all that is wrong.
    """
    problems = []
    if not varies:
        problems.append(
            UsageError("nothing varies", "say what does, such as --vary completion=poll,eventfd")
        )
    for number, vary in enumerate(varies):
        if vary.key in [other.key for other in varies[:number]]:
            problems.append(UsageError(f"--vary {vary.key} is given twice"))
        if vary.option == "name":
            problems.append(UsageError("--vary name: jobs are compared by their names"))
        if vary.option is None and not any(f"{{{vary.key}}}" in text for text in commands):
            problems.append(
                UsageError(
                    f"--vary {vary.key}: there is no option {vary.key}"
                    f"{suggest(vary.key, option_names())}",
                    f"a key of your own is for --prepare 'COMMAND {{{vary.key}}}' or --cleanup",
                )
            )
    raise_all(problems)


def variants(drafts: Sequence[Draft], varies: Sequence[Vary]) -> list[LiveVariant]:
    """A variant for each combination of values; the first values make the baseline.

    Raises:
        UsageError: an option does not take a value, or there are too many variants; it names
            all wrong values.
    """
    _check_count(varies)
    found: list[LiveVariant] = []
    problems: dict[str, UsageError] = {}
    for values in itertools.product(*(vary.values for vary in varies)):
        chosen = list(zip(varies, values, strict=True))
        try:
            jobs = resolve(
                [
                    _under(draft, label, chosen)
                    for label, draft in zip(labels_of(drafts), drafts, strict=True)
                ]
            )
        except UsageError as error:
            for problem in getattr(error, "problems", (error,)):
                problems.setdefault(str(problem), problem)
            continue
        found.append(
            LiveVariant(_name(chosen), tuple(jobs), {vary.key: value for vary, value in chosen})
        )
    raise_all(list(problems.values()))
    _check_that_each_differs(found, varies)
    return found


def _check_that_each_differs(found: Sequence[LiveVariant], varies: Sequence[Vary]) -> None:
    """Of two that run the same, no difference would mean anything.

    They do where an engine leaves no choice in what varies, or a value is written in two ways.
    """
    free = [vary.key for vary in varies if vary.option is None]
    for number, variant in enumerate(found):
        for other in found[:number]:
            is_same = [job.__dict__ for job in variant.jobs] == [job.__dict__ for job in other.jobs]
            if is_same and all(variant.set[key] == other.set[key] for key in free):
                raise UsageError(
                    f"{other.name} and {variant.name} would run the same, and are to be compared",
                    "leave one out; laiobench explain tells which options have an effect",
                )


def _check_count(varies: Sequence[Vary]) -> None:
    count = math.prod(len(vary.values) for vary in varies)
    if count > MOST_VARIANTS:
        raise UsageError(
            f"{count:,} variants are too many: at most {MOST_VARIANTS} are compared",
            "each is measured several times: vary fewer things, or one after the other",
        )


def labels_of(drafts: Sequence[Draft]) -> list[str]:
    """What the jobs are called in results: those of one name by an ordinal, too."""
    return labels([draft.name for draft in drafts])


def _under(draft: Draft, label: str, chosen: Sequence[tuple[Vary, str]]) -> Draft:
    layer: dict[str, Setting] = {}
    for vary, value in chosen:
        if vary.option is not None and vary.job in (None, label):
            put(layer, vary.option, Setting(value, ORIGIN))
    return draft.under(layer)


def _name(chosen: Sequence[tuple[Vary, str]]) -> str:
    """`poll`, or if several keys vary `completion=poll iodepth=32`."""
    if len(chosen) == 1:
        return chosen[0][1]
    return " ".join(f"{vary.key}={value}" for vary, value in chosen)


def product(jobs: Sequence[Job], vary: Mapping[str, Sequence[Any]]) -> list[LiveVariant]:
    """A variant of the jobs for each combination of these options' values.

    Raises:
        UsageError: the name is among the options.
        pydantic.ValidationError: an option does not take a value.
    """
    if "name" in vary:
        raise UsageError("the name can't vary: jobs are compared by their names")
    found = []
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        varied = [Job.model_validate(job.model_dump(exclude_unset=True) | chosen) for job in jobs]
        name = " ".join(
            str(value) if len(chosen) == 1 else f"{key}={value}" for key, value in chosen.items()
        )
        found.append(
            LiveVariant(name, tuple(varied), {key: str(value) for key, value in chosen.items()})
        )
    return found


def of_pair(variant: LiveVariant, design: Design, block: int) -> LiveVariant:
    """The variant with the seed of a pair, so that pairs use different offsets.

    One sequence of offsets may suit a target by chance.  Both sides of a pair use the same.
    Jobs with a seed of their own keep it, and so do jobs that verify: they find what
    earlier trials wrote by its seed.
    """
    if design.same_offsets:
        return variant
    seed = random.Random(f"{design.seed}/{block}").getrandbits(63)
    jobs = tuple(
        job
        if job.randseed is not None or job.verify != "none" or not job.is_random
        else job.model_copy(update={"randseed": seed, "randrepeat": False})
        for job in variant.jobs
    )
    return replace(variant, jobs=jobs)


def described(variant: LiveVariant) -> Variant:
    """A variant as documents have it."""
    return Variant(
        name=printable(variant.name),
        set={printable(key): printable(value) for key, value in variant.set.items()},
        jobs=[job.model_dump(mode="json", exclude_defaults=True) for job in variant.jobs],
    )


def restored(variant: Variant) -> LiveVariant:
    """The variant that a document describes.

    Raises:
        UsageError: this version can't run its jobs.
    """
    try:
        jobs = tuple(Job.model_validate(job) for job in variant.jobs)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its job"
        raise UsageError(
            f"the variant {variant.name} cannot be run: {where}: {first['msg']}",
            "begin anew, without --resume",
        ) from None
    return LiveVariant(variant.name, jobs, variant.set)
