"""The arrows in the picture of ARCHITECTURE.md are exactly the imports."""

import itertools
import re

from tree.test_layers import PACKAGE, ROOT, imports

GROUND = {"errors", "later", "units", "version", "words"}


def uses() -> dict[str, set[str]]:
    """Which folder imports from which."""
    found: dict[str, set[str]] = {}
    for name, imported in imports().items():
        folder = name.split("/")[0]
        if folder not in GROUND:
            others = {other.split("/")[0] for other in imported} - GROUND - {folder}
            found.setdefault(folder, set()).update(others)
    return found


def behind(folder: str, graph: dict[str, set[str]]) -> set[str]:
    """All that it leads to."""
    return set().union(*({other} | behind(other, graph) for other in graph.get(folder, set())))


def drawn() -> set[tuple[str, str]]:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    picture = text.partition("## The tree\n")[2].partition("```\n")[2].partition("```")[0]
    chains = [re.split(r"\s*→\s*", line.strip()) for line in picture.splitlines()]
    return {pair for chain in chains for pair in itertools.pairwise(chain)}


def test_the_picture_is_of_the_imports() -> None:
    graph = uses()
    direct = {
        (folder, other)
        for folder, others in graph.items()
        for other in others
        if not any(other in behind(between, graph) for between in others - {other})
    }
    assert drawn() == direct


def test_every_folder_has_its_sentence() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {
        str(path.parent.relative_to(PACKAGE))
        for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("core/**/*.h")]
        if path.parent != PACKAGE
    }
    missing = {
        folder
        for folder in folders
        if f"`{folder}/`" not in text and f"`{folder.removeprefix('core/')}/`" not in text
    }
    assert missing <= {"jobs", "report"}
