"""laiobench: a block-device benchmark through Linux native AIO.

    import laiobench
    result = laiobench.run(laiobench.Job(filename="/dev/nvme0n1", rw="randread", runtime=5))
    print(result.jobs[0].read.iops)

The names below are the public API; they are imported when first used, so that
the command line starts fast.
"""

from typing import TYPE_CHECKING, Any

from laiobench.version import __version__

if TYPE_CHECKING:
    from laiobench.comparison.ab import ab
    from laiobench.comparison.bisection.bisect import bisect
    from laiobench.comparison.stored import compare
    from laiobench.errors import LaiobenchError
    from laiobench.jobs.options import Job
    from laiobench.measurement.measure import run
    from laiobench.results.comparison import Comparison
    from laiobench.results.run_result import RunResult
    from laiobench.results.store import load_document as load

__all__ = [
    "Comparison", "Job", "LaiobenchError", "RunResult", "__version__", "ab", "bisect", "compare",
    "load", "run",
]  # fmt: skip

_HOMES = {
    "Comparison": "laiobench.results.comparison",
    "Job": "laiobench.jobs.options",
    "LaiobenchError": "laiobench.errors",
    "RunResult": "laiobench.results.run_result",
    "ab": "laiobench.comparison.ab",
    "bisect": "laiobench.comparison.bisection.bisect",
    "compare": "laiobench.comparison.stored",
    "load": "laiobench.results.store:load_document",
    "run": "laiobench.measurement.measure",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'laiobench' has no attribute {name!r}")
    import importlib

    module, _, own_name = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), own_name or name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
