"""C files that are long say why."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
REASON = f"Longer than {MOST_LINES} lines"


def test_a_long_c_file_says_why_in_its_first_comment() -> None:
    sources = [
        path for folder in ("laiobench/core", "tests") for path in (ROOT / folder).rglob("*.[ch]")
    ]
    assert sources
    for path in sources:
        text = path.read_text()
        assert text.count("\n") <= MOST_LINES or REASON in text.partition("*/")[0], path
