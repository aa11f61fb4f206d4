"""The targets of the peers: devices and files made for them, and /dev/zero."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ZRAM_BYTES = 256 << 20
FILE_BYTES = 256 << 20
ZERO_BYTES = 1 << 30


@contextlib.contextmanager
def zram() -> Iterator[str]:
    """A RAM block device, never written to, so that reading it costs next to nothing.  Root."""
    number = Path("/sys/class/zram-control/hot_add").read_text().strip()
    try:
        Path(f"/sys/block/zram{number}/disksize").write_text(str(ZRAM_BYTES))
        yield f"/dev/zram{number}"
    finally:
        Path("/sys/class/zram-control/hot_remove").write_text(number)


@contextlib.contextmanager
def file(folder: Path) -> Iterator[str]:
    """A file without holes on a real disk."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="laiobench-peers-") as scratch:
        for _ in range(FILE_BYTES >> 20):
            scratch.write(os.urandom(1 << 20))
        scratch.flush()
        os.fsync(scratch.fileno())
        yield scratch.name


def build_floor(folder: Path) -> Path:
    """Build the program `floor`: the system calls alone, with the core's choice of offsets."""
    here = Path(__file__).parent
    core = here.parent.parent / "laiobench" / "core"
    program = folder / "floor"
    sources = [
        *(here / "floor").glob("*.c"),
        *(path for path in (core / "workload").glob("*.c") if path.stem != "write_data"),
        *(core / "base" / f"{name}.c" for name in ("memory", "error")),
        *(core / "engines" / f"{name}.c" for name in ("uring_ring", "uring_flags")),
    ]
    subprocess.run(
        [
            "gcc", "-O2", "-std=gnu11", f"-I{core}", *map(str, sources),
            "-pthread", "-lm", "-o", str(program),
        ],
        check=True,
    )  # fmt: skip
    return program
