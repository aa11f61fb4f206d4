"""An explanation, for people."""

import textwrap
from collections.abc import Iterator

from tabulate import tabulate

from laiobench.results.explanation import Access, Explanation, Group, JobExplanation, Write
from laiobench.units import format_exact, format_size

_WIDTH = 100
_MOST_LINES = 16


def render(document: Explanation) -> str:
    """Jobs, plan, what is written, what fio reads otherwise, and notes."""
    common = set.intersection(*(_defaults(job) for job in document.jobs))
    sections = [
        *(_job(job, common) for job in document.jobs),
        _in_all(document, common),
        _titled("plan", _plan(document)),
        _titled("writes", _shortened(list(_writes(document))) or ["nothing"]),
        _titled("writes besides", _shortened(document.files)),
        _titled("reads", _shortened([_access(access) for access in document.reads])),
        _titled(
            "fio reads otherwise",
            [f"{item.where}: {item.fio}; here {item.here}" for item in document.differences],
        ),
        _titled("notes", document.notes),
    ]
    return "\n\n".join(section for section in sections if section)


def _titled(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def _defaults(job: JobExplanation) -> set[str]:
    """The options that nobody has set."""
    return {name for name, option in job.options.items() if option.origin == "default"}


def _job(job: JobExplanation, common: set[str]) -> str:
    """What was set, with its origin; then what is by default, but not in all jobs."""
    rows = []
    for name, option in job.options.items():
        if option.origin != "default":
            shown = _shown(option.value)
            is_same = option.written in (name, f"{name}={shown}")
            rows.append(
                (name, shown, option.origin, "" if is_same else f"written {option.written}")
            )
    table = tabulate(rows, tablefmt="plain", disable_numparse=True).splitlines()
    alone = _defaults(job) - common
    own = [name for name in job.options if name in alone]
    return _titled(f"job {job.name}", table + _by_default(job, own))


def _in_all(document: Explanation, common: set[str]) -> str:
    job = document.jobs[0]
    names = [name for name in job.options if name in common]
    return _titled("in all jobs", _by_default(job, names))


def _by_default(job: JobExplanation, names: list[str]) -> list[str]:
    values = [
        f"no {name}"
        if job.options[name].value is None
        else f"{name}={_shown(job.options[name].value)}"
        for name in names
    ]
    text = f"by default: {', '.join(values)}" if values else ""
    return textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return format_exact(value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


def _plan(document: Explanation) -> list[str]:
    slots = document.plan.aio_slots
    lines: list[str] = []
    for number, group in enumerate(document.plan.groups):
        when = "at once" if number == 0 else "when all above have finished"
        lines += [f"{when}: {_sizes(group)}", *_threads(group)]
    if slots.needed:
        lines.append(
            f"AIO events: {slots.needed:,} at a time; others use {slots.used:,} of the "
            f"{slots.limit:,} that there may be (fs.aio-max-nr)"
        )
    return lines


def _sizes(group: Group) -> str:
    count = len(group.iothreads)
    sizes = [f"{format_size(group.buffer_bytes)} of buffers"]
    if group.map_bytes:
        sizes.append(f"{format_size(group.map_bytes)} of random maps")
    if group.verify_bytes:
        sizes.append(f"{format_size(group.verify_bytes)} to verify by")
    return (
        f"{count} IOThread{'s' * (count > 1)}, {group.iodepth:,} I/O{'s' * (group.iodepth > 1)} "
        f"in flight, {', '.join(sizes)}"
    )


def _threads(group: Group) -> list[str]:
    return _shortened(
        [
            f"  {thread.name}: {', '.join(_shortened(thread.jobs))}; iodepth {thread.iodepth:,}"
            for thread in group.iothreads
        ]
    )


def _shortened(lines: list[str]) -> list[str]:
    """As many as one looks through; the document has all."""
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"  and {more:,} more"]


def _writes(document: Explanation) -> Iterator[str]:
    for file in document.scratch:
        yield f"first of all, the file {file.path}, {format_size(file.bytes)}, to be kept"
    for access in document.writes:
        yield _write(access)


def _write(access: Write) -> str:
    permission = f"; needs --allow-write={access.target}" if access.needs_allow_write else ""
    return _access(access) + permission


def _access(access: Access) -> str:
    end = "the end" if access.end_byte is None else f"{access.end_byte:,}"
    most = (
        "until its runtime is over"
        if access.most_bytes is None
        else f"at most {format_size(access.most_bytes)}"
    )
    return f"{access.job}: {access.target}, bytes {access.start_byte:,} to {end}, {most}"
