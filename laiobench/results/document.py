"""Document: what can be asked of any stored document, of whatever kind, and how it is listed.

A kind's model has all of it, as fields or as properties; a type checker holds the rows of
`laiobench.results.kinds` against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning


class Document(Protocol):
    """Where a document is from, what was said of it, and which runs are in it."""

    @property
    def schema_version(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def failures(self) -> Sequence[str]: ...
    @property
    def tool(self) -> Tool: ...
    @property
    def argv(self) -> Sequence[str]: ...
    @property
    def started_at(self) -> str: ...
    @property
    def machine(self) -> Mapping[str, Any]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def warnings(self) -> Sequence[Warning]: ...

    @classmethod
    def model_validate_json(cls, text: bytes, /) -> Self:
        """The document that a text is."""
        ...

    def runs(self) -> Sequence[tuple[str | None, RunResult]]:
        """All runs that are in it, each with its variant; None: the document is the run's."""
        ...

    def runs_to_compare(self) -> Sequence[RunResult]:
        """Those that are meant when it is held against others."""
        ...

    def to_json(self) -> str:
        """The document as text."""
        ...


@dataclass(frozen=True)
class Listing:
    """A document in a few words, whatever its kind."""

    kind: str
    started_at: str
    status: str
    jobs: Sequence[str]
    variants: Sequence[str] = ()
    iops: Sequence[float] = ()

    def row(self, identifier: str) -> dict[str, Any]:
        """As `list --json` tells it."""
        return {"id": identifier, **asdict(self)}
