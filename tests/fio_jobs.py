"""Jobs and errors of a fio job file's text."""

from collections.abc import Mapping

import pytest

from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.jobs.sources import fio_file, resolve

EVERYTHING: dict[str, str] = {"DISK": "/dev/nvme0n1", "DEPTH": "8"}


def jobs_of(text: str, environment: Mapping[str, str] = EVERYTHING) -> list[Job]:
    return resolve(fio_file.parse(text, "a.fio", environment=environment).drafts)


def job_of(options: str) -> Job:
    (job,) = jobs_of(f"[a]\n{options}\n")
    return job


def errors_of(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        jobs_of(text)
    return [str(problem) for problem in getattr(caught.value, "problems", [caught.value])]
