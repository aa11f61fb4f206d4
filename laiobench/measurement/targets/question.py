"""What is on a target, and how a person recognises it: facts for the question.

Reads, and judges nothing.
"""

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from laiobench.jobs.options import Job
from laiobench.measurement.targets.permission import Question, identity
from laiobench.system.devices import Hardware, hardware
from laiobench.system.signatures import LIBRARY, NoLibrary, Signature, Unreadable, find
from laiobench.units import format_size


@dataclass(frozen=True)
class FoundSignatures:
    """What was found on a device."""

    signatures: tuple[Signature, ...] = ()
    unknown: str = ""
    """Why nobody knows."""

    def __str__(self) -> str:
        found = [
            str(one) if one.is_partition_table else f"a signature of {one}"
            for one in self.signatures
        ]
        return " and ".join(found) or self.unknown or "nothing that is known"


def signatures_on(fd: int) -> FoundSignatures:
    """What is on the open block device."""
    try:
        return FoundSignatures(tuple(find(fd)))
    except NoLibrary:
        return FoundSignatures(unknown=f"{LIBRARY} is not installed")
    except Unreadable as error:
        return FoundSignatures(unknown=str(error))


def question(
    path: str, real: str, status: os.stat_result, job: Job, contents: FoundSignatures
) -> Question:
    """What to ask a person about writing to `real`."""
    name, facts = Path(real).name, []
    if stat.S_ISBLK(status.st_mode):
        facts = _device_facts(hardware(status.st_rdev), contents)
    elif stat.S_ISREG(status.st_mode):
        facts = _file_facts(status)
    if real != path:
        facts.insert(0, ("path", real))
    return Question(identity(status), path, name, job.name, job.rw, tuple(facts))


def _device_facts(device: Hardware, contents: FoundSignatures) -> list[tuple[str, str]]:
    partitions = [f"{name} ({format_size(size)})" for name, size in device.partitions]
    facts = [
        ("model", device.model),
        ("serial", device.serial),
        ("size", format_size(device.size_bytes)),
        ("made of", device.backing),
        ("part of", device.disk if device.disk != device.name else ""),
        ("contents", str(contents)),
        ("partitions", ", ".join(partitions)),
    ]
    return [(name, value or "unknown") for name, value in facts if value or name in _ALWAYS]


_ALWAYS = ("model", "serial")


def _file_facts(status: os.stat_result) -> list[tuple[str, str]]:
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    facts = [("size", format_size(status.st_size)), ("changed", f"{changed:%Y-%m-%d %H:%M} UTC")]
    if status.st_nlink > 1:
        facts.append(("names", f"{status.st_nlink} hard links lead to it"))
    return facts
