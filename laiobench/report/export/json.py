"""The document itself, as JSON."""

from laiobench.results.document import Document


def render(document: Document) -> str:
    """One line."""
    return document.to_json() + "\n"
