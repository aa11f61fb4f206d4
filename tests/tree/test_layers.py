"""The layering of ARCHITECTURE.md, read from imports and includes: rows, and no circles."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "laiobench"
CORE = PACKAGE / "core"

# Folders and modules; each row may import from its own and from those above it.
ROWS = [
    ["version", "errors", "later", "units", "words"],
    ["system", "jobs/options"],
    ["files"],
    ["jobs", "jobs/sources", "native", "results"],
    ["aio", "measurement/targets"],
    ["measurement/plan"],
    ["measurement/watch"],
    ["measurement/trial", "measurement/control"],
    ["measurement/outcome"],
    ["measurement"],
    ["comparison"],
    ["comparison/gate", "comparison/bisection"],
    ["report", "report/text"],
    ["report/export"],
    ["cli"],
    ["cli/commands"],
]

# The C core: each row may include from its own and from those above it.
CORE_ROWS = [
    ["base"],
    ["contract"],
    ["loop"],
    ["engines"],
    ["completion", "workload"],
    ["verify", "record"],
    ["pacing"],
    ["job"],
    ["run", "session"],
]

Graph = Mapping[str, set[str]]


def row_of(name: str, rows: list[list[str]]) -> int:
    """The row of a file, which is named itself or by the folder that it is in."""
    while name:
        for number, row in enumerate(rows):
            if name in row:
                return number
        name = name.rpartition("/")[0]
    raise AssertionError(f"{name} has no row")


@cache
def imports(*, for_types: bool = True) -> Graph:
    """What each module imports of laiobench; packages by their folder.

    What is only imported for type checking is no part of a circle, but has its row.
    """
    files = {_name(path): path for path in PACKAGE.rglob("*.py")}
    files = {name: path for name, path in files.items() if name not in ("", "__main__", "fio")}
    return {
        name: set(_imported(path, files, for_types=for_types)) - {name}
        for name, path in files.items()
    }


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _nodes(node: ast.AST, *, for_types: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if is_typing and not for_types:
            continue
        yield child
        yield from _nodes(child, for_types=for_types)


def _imported(path: Path, known: Mapping[str, Path], *, for_types: bool) -> Iterator[str]:
    for node in _nodes(ast.parse(path.read_text()), for_types=for_types):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("laiobench"):
            module = "/".join((node.module or "").split(".")[1:])
            for alias in node.names:
                inner = f"{module}/{alias.name}".lstrip("/")
                if inner in known:
                    yield inner
                elif module in known:
                    yield module


@cache
def includes() -> Graph:
    """What each pair of source and header includes of the core."""
    found: dict[str, set[str]] = {}
    for path in sorted(CORE.rglob("*.[ch]")):
        name = str(path.relative_to(CORE).with_suffix(""))
        included = re.findall(r'#include "([\w/]+)\.h"', path.read_text())
        found.setdefault(name, set()).update(other for other in included if other != name)
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Files that depend on each other, in groups (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_files: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        open_files.append(name)
        for other in sorted(graph.get(name, ())):
            if other not in number:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in open_files:
                lowest[name] = min(lowest[name], number[other])
        if lowest[name] == number[name]:
            group = open_files[open_files.index(name) :]
            del open_files[open_files.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in number:
            visit(name)
    return found


@pytest.mark.parametrize("name", sorted(imports()))
def test_imports_run_one_way(name: str) -> None:
    own = row_of(name, ROWS)
    for imported in imports()[name]:
        assert row_of(imported, ROWS) <= own, f"{name} imports {imported}, which is below it"


@pytest.mark.parametrize("name", sorted(includes()))
def test_core_includes_run_one_way(name: str) -> None:
    own = row_of(name, CORE_ROWS)
    for included in includes()[name]:
        assert row_of(included, CORE_ROWS) <= own, f"{name} includes {included}, from below it"


def test_no_modules_import_each_other() -> None:
    assert circles(imports(for_types=False)) == []


def test_no_files_of_the_core_include_each_other() -> None:
    assert circles(includes()) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}}
    assert circles(graph) == [["b", "c"]]


def test_includes_say_the_folder() -> None:
    for path in sorted(CORE.rglob("*.[ch]")):
        for included in re.findall(r'#include "([^"]+)"', path.read_text()):
            assert (CORE / included).exists(), f"{path.name} includes {included}"


def test_only_native_imports_the_extension() -> None:
    importers = [path for path in PACKAGE.rglob("*.py") if "native._core" in path.read_text()]
    assert {path.parent.name for path in importers} == {"native"}


def test_documents_need_neither_the_core_nor_a_runner() -> None:
    reached, waiting = set(), {name for name in imports() if name.split("/")[0] == "results"}
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= imports().get(name, set()) - reached
    assert {name.split("/")[0] for name in reached} <= {
        "results", "errors", "files", "later", "system", "units", "version", "words",
    }  # fmt: skip
