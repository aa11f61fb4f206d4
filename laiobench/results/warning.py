"""Warning: what makes the numbers of a document mean less than they seem to.

In modules that import it, it takes the place of the class that Python calls so, which
nothing here uses.
"""

from typing import Annotated

from pydantic import BeforeValidator

from laiobench.results.model import Record
from laiobench.words import printable

# What a job or a file is called need not be UTF-8, which documents are.
_Phrase = Annotated[str, BeforeValidator(printable)]


class Warning(Record):
    """`id` is for programs; the rest are phrases for people."""

    id: str
    seen: _Phrase
    why: _Phrase
    do: _Phrase
