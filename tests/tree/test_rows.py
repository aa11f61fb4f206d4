"""No code asks for an engine or a completion mode by its name: rows say what each can do."""

import ast
from collections.abc import Iterator
from pathlib import Path

from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.options.modes import MODES

PACKAGE = Path(__file__).parent.parent.parent / "laiobench"
NAMES = {"engine": ENGINES.keys(), "completion": MODES.keys()}


def named(text: str) -> Iterator[str]:
    """The comparisons and dict entries that have a name of an engine or a mode."""
    for node in ast.walk(ast.parse(text)):
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = [(one, other) for one in sides for other in sides if one is not other]
        elif isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
        for what, value in pairs:
            subject = ast.unparse(what) if what else ""
            parts = value.elts if isinstance(value, ast.Tuple | ast.Set | ast.List) else [value]
            given = {each.value for each in parts if isinstance(each, ast.Constant)}
            if any(option in subject and given & names for option, names in NAMES.items()):
                yield ast.unparse(node)


def test_none_is_asked_for_by_its_name() -> None:
    found = {
        str(path.relative_to(PACKAGE)): names
        for path in PACKAGE.rglob("*.py")
        if (names := list(named(path.read_text())))
    }
    assert found == {}


def test_a_name_is_found() -> None:
    assert list(named("if job.engine == 'libaio': pass"))
    assert list(named("if options.get('completion') in ('poll', 'bh'): pass"))
    assert list(named("made = {'engine': 'null'}"))
    assert not list(named("if kind != 'null' or job.engine in ENGINES: pass"))
