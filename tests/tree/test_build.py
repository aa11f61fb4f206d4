"""The imported extension module was built from the present sources."""

from laiobench import native
from laiobench.native import build


def test_the_core_is_not_stale() -> None:
    assert native.source_hash() == build.source_hash(), "run `make test`, which rebuilds the core"
