"""The document itself, as JSON."""

from laiobench.report.export import Document


def render(document: Document) -> str:
    """One line."""
    return document.to_json() + "\n"
