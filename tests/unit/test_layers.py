"""The layering of ARCHITECTURE.md, read from the imports themselves."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "laiobench"

# Each row may import from its own and from those above it.
ROWS = [
    ["version", "errors", "units", "words"],
    ["values", "forms", "contents", "job"],
    ["sources"],
    ["native"],
    ["aio"],
    ["machine", "guard", "region", "filling", "scratch", "partial", "outputs"],
    [
        "layout",
        "hangs",
        "series",
        "windows",
        "exiting",
        "verification",
        "steady",
        "steady_jobs",
        "runner",
        "preview",
    ],
    [
        "histogram",
        "proof",
        "integrity",
        "conditions",
        "caveats",
        "record",
        "result",
        "time_shares",
        "timing",
        "store",
        "stats",
        "metrics",
        "comparison",
        "notebook",
        "analysis",
        "fingerprint",
        "calibration",
        "selection",
        "baseline",
        "policy",
        "proposal",
        "gate",
        "history",
    ],
    ["measure", "explanation", "interleave", "around", "live", "stored", "calibrating"],
    ["formats"],
    ["cli"],
]
ROW_OF = {name: number for number, row in enumerate(ROWS) for name in row}

# The C core: each row may include from its own and from those below it.
CORE_ROWS = [
    ["error", "clock", "counter", "counters", "event_notifier", "aio_context",
     "aio_handlers", "aio_notify", "aio_wait", "fdmon",
     "fdmon_epoll", "fdmon_ppoll", "adaptive_poll", "bottom_half", "timer", "request",
     "memory", "inlining", "uncancelled"],
    ["engine", "engine_calls", "aio_ring", "laio_queue", "linux_aio", "blocking_io", "thread_pool",
     "pool_fallback", "threads_engine", "null_engine", "target", "target_limits", "target_probe",
     "random_stream", "pacing_plan", "data_plan", "verify_plan"],
    ["histogram", "recorder", "random_map", "random_lfsr", "random_order", "random_cover",
     "random_zipf", "random_place", "workload_shape", "shaped_workload", "throttle", "workload",
     "pacer", "depth_search", "write_data", "verify", "verify_block", "verify_hash"],
    ["completion", "completion_poll", "completion_eventfd", "completion_bh", "completion_adaptive",
     "completion_getevents", "job", "job_memory", "job_phases", "gates", "chores"],
    ["worker", "iothread"],
    ["api", "run", "report", "direction_totals", "session_api", "session", "session_requests",
     "session_slots", "session_writes"],
]  # fmt: skip
CORE_ROW_OF = {name: number for number, row in enumerate(CORE_ROWS) for name in row}


def modules() -> list[Path]:
    skipped = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
    return sorted(set(PACKAGE.rglob("*.py")) - skipped)


def top(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """What a module imports of laiobench, by the first name below it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "laiobench" else []
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "laiobench" and len(parts) > 1 and parts[1] in ROW_OF:
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    own = ROW_OF[top(path)]
    for imported in imports(path):
        assert ROW_OF[imported] <= own, f"{path} imports laiobench.{imported}, which is above it"


def test_only_native_imports_the_extension() -> None:
    importers = [path for path in modules() if "laiobench.native._core" in path.read_text()]
    assert {path.parent.name for path in importers} == {"native"}


def core_files() -> list[Path]:
    return sorted(
        path
        for pattern in ("*.c", "*.h")
        for path in (PACKAGE / "native").glob(pattern)
        if path.name != "_core.c"
    )


@pytest.mark.parametrize("path", core_files(), ids=lambda path: path.name)
def test_core_includes_run_one_way(path: Path) -> None:
    own = CORE_ROW_OF[path.stem]
    for included in re.findall(r'#include "(\w+)\.h"', path.read_text()):
        assert CORE_ROW_OF[included] <= own, f"{path.name} includes {included}.h, from above it"
