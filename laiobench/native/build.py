"""Build the C core as an extension module: cffi's API mode, stable ABI.

cffi reads the contract's own headers, so nothing is declared twice.  It cannot parse most
lines of the preprocessor, so these are removed.
"""

import hashlib
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parent.parent.parent
CORE = ROOT / "laiobench" / "core"

# The headers that cffi reads, too; each after those that it depends on.
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
    """The hash of the sources now; the module contains the hash of those it was built from."""
    digest = hashlib.sha256()
    for path in core_files(".c") + core_files(".h"):
        digest.update(str(path.relative_to(CORE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def declarations(header: str) -> str:
    """A header as cffi can parse it: of the preprocessor's lines, only `#define` is left."""
    lines = (CORE / header).read_text().splitlines()
    return "\n".join(
        line for line in lines if not line.startswith("#") or line.startswith("#define ")
    )


# Compile the core as one unit: calls inside it need no dynamic linking and can be inlined.
# After a system call the CPU no longer predicts returns, so that each return costs as much
# as twenty instructions.
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
