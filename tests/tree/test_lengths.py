"""A Python file has at most 400 lines, or its docstring says why it has more."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MOST = 400


def test_files_are_short_or_say_why_they_are_not() -> None:
    paths = [
        path for folder in ("laiobench", "tests", "docs") for path in (ROOT / folder).rglob("*.py")
    ]
    long = [path for path in paths if len(path.read_text().splitlines()) > MOST]
    told = [str(path) for path in long if f"{MOST} lines" not in docstring(path)]
    assert told == []


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""
