"""Document: what every stored document has, whatever its kind, and how it is listed.

The model of each kind has these members, as fields or as properties; the type checker sees
to it, by the rows of `laiobench.results.kinds`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from laiobench.results.run_result import RunResult, Tool
from laiobench.results.warning import Warning


class Document(Protocol):
    """A stored document of any kind."""

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
        """Parse a document."""
        ...

    def runs(self) -> Sequence[tuple[str | None, RunResult]]:
        """All runs in it, each with the name of its variant (None in the document of a run)."""
        ...

    def runs_to_compare(self) -> Sequence[RunResult]:
        """The runs that are used when the document is compared with others."""
        ...

    def to_json(self) -> str:
        """The document as text."""
        ...


@dataclass(frozen=True)
class Listing:
    """A document's row in a list."""

    kind: str
    started_at: str
    status: str
    jobs: Sequence[str]
    variants: Sequence[str] = ()
    iops: Sequence[float] = ()

    def row(self, identifier: str) -> dict[str, Any]:
        """The row as `list --json` prints it."""
        return {"id": identifier, **asdict(self)}
