"""What goes with a table: when, where and how it was measured, and what is to be said of it.

The same words wherever a document is told: at the end of what made it, when it is shown
later, and in what is exported.  What is said of the tool's own share is a calibration's
matter, and not here.
"""

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from laiobench.results.document import Document
from laiobench.results.warning import Warning
from laiobench.units import format_size
from laiobench.words import one_line

# ---- where a document comes from -------------------------------------------------


def origin(document: Document) -> dict[str, str]:
    """Date, command, tool, host and targets, each in a line; what is not known is left out."""
    machine = document.machine
    lines = {
        "date": _date(document),
        "command": shlex.join(document.argv),
        "version": _version(document),
        "host": _host(machine),
        "kernel": _joined(machine, "kernel", "distribution"),
    }
    targets = [f"{name}: {_target(facts)}" for name, facts in machine.get("targets", {}).items()]
    if targets:
        lines["targets"] = "; ".join(targets)
    return {name: one_line(line) for name, line in lines.items() if line}


def head(document: Document) -> str:
    """The same for people, above a table."""
    lines = origin(document)
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {line}" for name, line in lines.items())


def _date(document: Document) -> str:
    return f"{datetime.fromisoformat(document.started_at):%Y-%m-%d %H:%M:%S %Z}".rstrip()


def _version(document: Document) -> str:
    tool = document.tool
    return f"{tool.name} {tool.version}" + (f" (core {tool.build})" if tool.build else "")


def _host(machine: Mapping[str, Any]) -> str:
    cpu = machine.get("cpu", {})
    usable, model = cpu.get("cpus_usable"), cpu.get("model")
    cpus = f"{usable} × {model}" if usable and model else model
    parts = (machine.get("host"), cpus, _size(machine.get("memory_bytes")))
    return ", ".join(str(part) for part in parts if part)


def _target(facts: Mapping[str, Any]) -> str:
    """`ext4 file on vda (virtio_blk), 8 MiB`."""
    what = " ".join(str(facts[key]) for key in ("file_system", "kind") if facts.get(key))
    device, named = facts.get("device"), _joined(facts, "model", "driver", "firmware")
    where = f"{device} ({named})" if device and named else str(device or named)
    size = facts.get("size_bytes") or facts.get("device_bytes")
    parts = (f"{what} on {where}" if what and where else what or where, _size(size))
    return ", ".join(part for part in parts if part) or "nothing is known of it"


def _joined(facts: Mapping[str, Any], *keys: str) -> str:
    return ", ".join(str(facts[key]) for key in keys if facts.get(key))


def _size(value: object) -> str:
    return format_size(value) if isinstance(value, int) and value > 0 else ""


# ---- what is said of it ----------------------------------------------------------


def remarks(document: Document) -> list[str]:
    """Its notes and warnings, as they are said."""
    return [
        *(f"note: {_indented(note)}" for note in document.notes),
        *(warning_text(warning) for warning in document.warnings),
    ]


def failures(document: Document) -> list[str]:
    """Why its status is failed, as it is said."""
    return [f"failed: {_indented(failure)}" for failure in document.failures]


def warning_text(warning: Warning) -> str:
    """What was seen, why that matters, and what to do."""
    return f"warning: {_indented(f'{warning.seen}: {warning.why}')}\n  {_indented(warning.do)}"


def _indented(text: str) -> str:
    """What has several lines looks like one thing, and not like several."""
    return text.replace("\n", "\n  ")


def shown(document: Document, table: str, more: Iterable[str] = ()) -> str:
    """A stored document for people: all that is known of it, besides its numbers."""
    said = [*failures(document), *remarks(document), *more]
    return "\n\n".join(part for part in (head(document), table, "\n".join(said)) if part)
