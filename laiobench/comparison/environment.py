"""Fingerprints: the facts about machine, target and jobs by which runs may be compared.

Hard facts must match, or a difference may come from the machine and not from the change:
CPU model, device model and firmware, kernel major.minor, virtualisation, file system, I/O
scheduler, and the jobs themselves.  Soft facts may explain a difference.  Facts are read
from documents; knows no files.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from laiobench.jobs.options import Job, traits
from laiobench.jobs.options.group import Condition
from laiobench.jobs.options.random import DEFAULT_SEED
from laiobench.results.comparison import Difference
from laiobench.results.digest import JobDigest, RunDigest

Fact = Callable[[RunDigest], str]


@dataclass(frozen=True)
class Fingerprint:
    """The facts of a set of runs: by the name of a fact, all its values in these runs."""

    hard: Mapping[str, tuple[str, ...]]
    soft: Mapping[str, tuple[str, ...]]
    jobs: Mapping[str, Mapping[str, str]]
    """By job: the options that are not at their default, as JSON."""


# ---- what is in it ---------------------------------------------------------------


def of_machine(*path: str) -> Fact:
    def read(run: RunDigest) -> str:
        value: Any = run.machine
        for name in path:
            value = value.get(name, "") if isinstance(value, dict) else ""
        return _text(value)

    return read


def _of_targets(name: str) -> Fact:
    """A fact about the targets that jobs used; each value once."""

    def read(run: RunDigest) -> str:
        known = run.machine.get("targets", {})
        targets = [known.get(job.target, {}) for job in run.jobs if job.target is not None]
        return ", ".join(sorted({_text(target.get(name, "")) for target in targets} - {""}))

    return read


def _kernel_series(run: RunDigest) -> str:
    match = re.match(r"\d+\.\d+", of_machine("kernel")(run))
    return match[0] if match else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


HARD: Mapping[str, Fact] = {
    "CPU model": of_machine("cpu", "model"),
    "device model": _of_targets("model"),
    "device firmware": _of_targets("firmware"),
    "kernel series": _kernel_series,
    "virtualisation": of_machine("virtualisation"),
    "file system": _of_targets("file_system"),
    "I/O scheduler": _of_targets("scheduler"),
}
SOFT: Mapping[str, Fact] = {
    "host": of_machine("host"),
    "kernel": of_machine("kernel"),
    "distribution": of_machine("distribution"),
    "CPUs": of_machine("cpu", "cpus"),
    "usable CPUs": of_machine("cpu", "cpus_usable"),
    "microcode": of_machine("cpu", "microcode"),
    "governor": of_machine("cpu", "governor"),
    "mitigations": of_machine("cpu", "mitigations"),
    "memory": of_machine("memory_bytes"),
    "clock source": of_machine("clock_source"),
    "device driver": _of_targets("driver"),
    "device size": _of_targets("device_bytes"),
    "queue requests": _of_targets("queue_requests"),
    "write cache": _of_targets("write_cache"),
    "mount options": _of_targets("mount_options"),
    "laiobench": lambda run: f"{run.tool.version} ({run.tool.build})",
}


def fingerprint(runs: Sequence[RunDigest]) -> Fingerprint:
    """The fingerprint of all these runs together."""
    distinct = _distinct(runs)
    return Fingerprint(
        hard={name: _seen(fact, distinct) for name, fact in HARD.items()},
        soft={name: _seen(fact, distinct) for name, fact in SOFT.items()},
        jobs=_jobs(distinct),
    )


def _distinct(runs: Sequence[RunDigest]) -> list[RunDigest]:
    """One run of each set with equal facts; of thousands of runs few are left."""
    seen: dict[bytes, RunDigest] = {}
    for run in runs:
        jobs = [(job.name, job.target, job.options) for job in run.jobs]
        seen.setdefault(to_json([run.machine, run.tool, jobs]), run)
    return list(seen.values())


def _seen(fact: Fact, runs: Sequence[RunDigest]) -> tuple[str, ...]:
    return tuple(sorted({fact(run) for run in runs}))


def _jobs(runs: Sequence[RunDigest]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, set[str]]] = {}
    for run in runs:
        for label, copies in run.copies.items():
            options = found.setdefault(label, {})
            for name, value in (item for job in copies for item in set_options(job).items()):
                options.setdefault(name, set()).add(value)
    return {
        job: {name: ", ".join(sorted(values)) for name, values in sorted(options.items())}
        for job, options in found.items()
    }


# ---- the jobs --------------------------------------------------------------------


@cache
def _defaults() -> Mapping[str, Any]:
    """The default of every option, as documents have it."""
    written: Mapping[str, Any] = json.loads(as_json(Job().model_dump()))
    return {**written, "randseed": DEFAULT_SEED}


@cache
def _telling_nothing() -> frozenset[str]:
    """Options that change no I/O (`changes_io=`)."""
    return frozenset(name for name, its in traits().items() if not its.changes_io)


def set_options(job: JobDigest) -> dict[str, str]:
    """The options that change a job's I/Os and are not at their default, as JSON.

    Options that this version does not know count; one that a later version adds does not,
    as long as it has its default.
    """
    defaults = _defaults()
    passed_over = _telling_nothing() | _in_vain(as_json(job.options))
    # A random seed that was made for one run does not make it another job.
    if not job.options.get("randrepeat", True):
        passed_over |= {"randseed"}
    return {
        name: as_json(value)
        for name, value in job.options.items()
        if name not in passed_over and not (name in defaults and value == defaults[name])
    }


@lru_cache(maxsize=256)  # thousands of runs mostly have the same few jobs
def _in_vain(options: str) -> frozenset[str]:
    """The options that had no effect, since others that they need were not given (`needs=`)."""
    known = {
        name: value
        for name, value in json.loads(options).items()
        if name in Job.model_fields and value is not None
    }
    try:
        job = Job.model_validate(known)
    except ValidationError:
        return frozenset()  # a job of another version: what had an effect there is not known
    return frozenset(name for name, needs in _needing() if not needs.holds(job))


@cache
def _needing() -> tuple[tuple[str, Condition], ...]:
    return tuple((name, its.needs) for name, its in traits().items() if its.needs)


def as_json(value: object) -> str:
    """An option's value as JSON; equal values give equal text."""
    return json.dumps(value, sort_keys=True, default=str)


def job_hash(run: RunDigest) -> str:
    """A hash of the jobs of a run: of their names and what their I/Os are, not of their files."""
    jobs = [[job.name, set_options(job)] for job in run.jobs]
    return hashlib.blake2b(as_json(jobs).encode(), digest_size=8).hexdigest()


# ---- two sides -------------------------------------------------------------------


def differences(baseline: Fingerprint, new: Fingerprint) -> list[Difference]:
    """The facts in which two fingerprints differ: machines' hard ones, jobs', soft ones."""
    return [
        *_differing(baseline.hard, new.hard, hard=True),
        *_differing_jobs(baseline.jobs, new.jobs),
        *_differing(baseline.soft, new.soft, hard=False),
    ]


def _differing(
    baseline: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]], *, hard: bool
) -> list[Difference]:
    """The facts that do not have one and the same value in all runs of both sides."""
    return [
        Difference(
            name=name,
            baseline=" or ".join(_shown(value) for value in baseline[name]),
            new=" or ".join(_shown(value) for value in new[name]),
            hard=hard,
        )
        for name in baseline
        if len({*baseline[name], *new[name]}) > 1
    ]


def _differing_jobs(
    baseline: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> list[Difference]:
    found = []
    for job in dict.fromkeys([*baseline, *new]):
        if job not in baseline or job not in new:
            sides = ["there" if job in side else "not there" for side in (baseline, new)]
            found.append(Difference(name=f"job {job}", baseline=sides[0], new=sides[1], hard=True))
            continue
        for option in dict.fromkeys([*baseline[job], *new[job]]):
            old, later = (side[job].get(option, default_of(option)) for side in (baseline, new))
            if old != later:
                found.append(
                    Difference(name=f"job {job}: {option}", baseline=old, new=later, hard=True)
                )
    return found


def default_of(option: str) -> str:
    """The default of an option, as JSON."""
    return as_json(_defaults().get(option))


def _shown(value: str) -> str:
    return value or "unknown"
