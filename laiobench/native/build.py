"""Build the C core as an extension module: cffi's API mode, stable ABI.

The headers that make up the contract are given to cffi as they are, but for
preprocessor lines, which it does not take; so nothing is declared twice.
"""

import hashlib
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parent.parent.parent
CORE = ROOT / "laiobench" / "core"

# Read by cffi too, in the order in which they depend on each other.
CONTRACT = [
    "contract/counters.h",
    "base/error.h",
    "contract/target_limits.h",
    "contract/engine_types.h",
    "contract/latency_types.h",
    "contract/pacing_plan.h",
    "contract/data_plan.h",
    "contract/verify_plan.h",
    "contract/workload_shape.h",
    "contract/api.h",
    "contract/session_api.h",
]


def core_files(suffix: str) -> list[Path]:
    """The core's sources, sorted by path."""
    return sorted(CORE.rglob(f"*{suffix}"))


def source_hash() -> str:
    """What the sources are now; the module remembers what they were."""
    digest = hashlib.sha256()
    for path in core_files(".c") + core_files(".h"):
        digest.update(str(path.relative_to(CORE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def declarations(header: str) -> str:
    """A header without comments' neighbours that cffi can't parse: # lines but plain defines."""
    lines = (CORE / header).read_text().splitlines()
    return "\n".join(
        line for line in lines if not line.startswith("#") or line.startswith("#define ")
    )


# Calls inside the core need no detour by the dynamic linker, and are inlined where that
# is not too large: after a system call the CPU has forgotten where we return to, so each
# return costs as much as twenty instructions.
OPTIMIZE_AS_ONE = [
    "-fvisibility=hidden", "-flto=auto", "-fno-semantic-interposition", "-finline-functions",
    "--param=max-inline-insns-auto=100",
]  # fmt: skip

ffibuilder = FFI()
for contract_header in CONTRACT:
    ffibuilder.cdef(declarations(contract_header))
ffibuilder.set_source(
    "laiobench.native._core",
    '#include "contract/api.h"\n#include "contract/session_api.h"',
    sources=[str(path.relative_to(ROOT)) for path in core_files(".c")],
    depends=[str(path.relative_to(ROOT)) for path in core_files(".h")],
    include_dirs=[str(CORE.relative_to(ROOT))],
    define_macros=[("CORE_SOURCE_HASH", f'"{source_hash()}"')],
    extra_compile_args=[
        "-std=gnu11",
        "-O2",
        "-g0",
        "-Wall",
        "-Wextra",
        "-Werror=implicit-function-declaration",
        *OPTIMIZE_AS_ONE,
    ],
    extra_link_args=["-O2", "-g0", *OPTIMIZE_AS_ONE],
    libraries=["pthread", "m", "dl"],
    py_limited_api=True,
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
