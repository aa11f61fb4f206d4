"""numpy and scipy, which are extras: here, or a sentence that says how to get them."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from laiobench.errors import ExtraMissing

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["StatsMissing", "np"]


class StatsMissing(ExtraMissing):
    """numpy and scipy are extras."""

    def __init__(self) -> None:
        super().__init__("comparing", "numpy and scipy", "stats")


try:
    import numpy as np
except ImportError:
    raise StatsMissing from None
if find_spec("scipy") is None:  # told now, and not after hours of trials
    raise StatsMissing

if TYPE_CHECKING:
    Floats = npt.NDArray[np.float64]
