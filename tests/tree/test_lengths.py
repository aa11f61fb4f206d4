"""A file has at most 400 lines, or its first paragraphs say why it has more."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MOST = 400
REASON = f"{MOST} lines"


def beginning(path: Path) -> str:
    """A module's docstring, or the first comment of a C file."""
    text = path.read_text()
    if path.suffix == ".py":
        return ast.get_docstring(ast.parse(text)) or ""
    return text.partition("*/")[0]


@pytest.mark.parametrize("suffix", ["py", "c", "h"])
def test_files_are_short_or_say_why_they_are_not(suffix: str) -> None:
    paths = [
        path
        for folder in ("laiobench", "tests", "docs")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
        if path.name != "_core.c"  # cffi writes it
    ]
    assert paths
    long = [path for path in paths if len(path.read_text().splitlines()) > MOST]
    assert [str(path) for path in long if REASON not in beginning(path)] == []
