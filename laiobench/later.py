"""What is imported when it is first needed: named as `module:name`.

For tables with a row for each kind of something: a run that lists the kinds of documents need
not import the models and tables of comparisons.
"""

import importlib
from collections.abc import Callable
from typing import Any


def named(place: str) -> Any:
    """What is called `name` in the module, of `module:name`."""
    module, name = place.split(":")
    return getattr(importlib.import_module(module), name)


def later(place: str) -> Callable[..., Any]:
    """A function that imports the one at `place` when it is called, and calls it."""

    def call(*arguments: Any) -> Any:
        return named(place)(*arguments)

    return call
