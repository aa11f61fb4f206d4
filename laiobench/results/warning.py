"""Warning: a reason why the numbers of a document mean less than they seem to.

The name hides Python's built-in class Warning in modules that import it; nothing here uses
that class.
"""

from typing import Annotated

from pydantic import BeforeValidator

from laiobench.results.model import Record
from laiobench.words import printable

# Documents are UTF-8; names of jobs and files in a phrase need not be.
_Phrase = Annotated[str, BeforeValidator(printable)]


class Warning(Record):
    """`id` is for programs; `seen`, `why` and `do` are phrases for people."""

    id: str
    seen: _Phrase
    why: _Phrase
    do: _Phrase
