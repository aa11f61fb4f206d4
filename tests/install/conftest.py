"""Builds the wheel and environments with it, once in a session."""

import json

import pytest

from documents_of_runs import document, job
from installation import Built, Environment, build, make_environment

POLICY = """
schema = 1
[gate]
[[gate.metric]]
job = "job"
name = "lat_p50_ns"
max_regression = 0.10
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Built:
    """An sdist and a wheel of this tree."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "built"
    folder.mkdir(exist_ok=True)
    return build(folder)


@pytest.fixture(scope="session")
def plain(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """`pip install laiobench`, and nothing else."""
    return with_results(make_environment(tmp_path_factory.mktemp("plain") / "home", built.wheel))


@pytest.fixture(scope="session")
def whole(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel, with the extra `all`."""
    home = tmp_path_factory.mktemp("whole") / "home"
    return with_results(make_environment(home, built.wheel, ["all"]))


def with_results(environment: Environment) -> Environment:
    """The same, with a policy and folders of results to compare: eight days of each."""
    environment.folder.joinpath("gate.toml").write_text(POLICY)
    environment.folder.joinpath("latencies").write_text("50\n50.1\n90\n90.1\n")
    for month, name in enumerate(("base", "new"), start=1):
        folder = environment.folder / name
        folder.mkdir()
        for day in range(1, 9):
            made = document(
                job(p50_ns=1e5 * (1 + 0.002 * (day % 3))),
                started_at=f"2026-{month:02d}-{day:02d}T00:00:00Z",
            )
            (folder / f"{day}.json").write_text(json.dumps(made))
    return environment
