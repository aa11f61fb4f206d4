"""Test files are told apart: pytest imports them by name, and refuses two of one name."""

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_two_files_of_one_name_are_not_in_one_package() -> None:
    files = [path for path in TESTS.rglob("test_*.py") if "__pycache__" not in path.parts]
    modules = Counter(
        f"{path.parent.name}.{path.stem}" if path.with_name("__init__.py").exists() else path.stem
        for path in files
    )
    assert [name for name, count in modules.items() if count > 1] == []
