"""fio's job files that include others, and variables: which files, and what errors show."""

import os
import re
from pathlib import Path

import pytest

from laiobench.errors import UsageError
from laiobench.jobs.sources import fio_file, resolve


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.fio").write_text(text)


def test_included_files_are_read_in_place_beside_their_parent(tmp_path: Path) -> None:
    write(tmp_path, main="[a]\nbs=4k\ninclude sub/one.fio ; here\nrw=write\n")
    write(tmp_path / "sub", one="bs=8k\nrw=randread\ninclude two.fio\n", two="iodepth=3\n")
    (job,) = resolve(fio_file.load(tmp_path / "main.fio").drafts)
    assert (job.bs.read, job.rw, job.iodepth) == (8192, "write", 3)


def test_the_current_folder_comes_before_that_of_the_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "there", main="[a]\ninclude one.fio", one="iodepth=1")
    write(tmp_path / "here", one="iodepth=2")
    monkeypatch.chdir(tmp_path / "here")
    (job,) = resolve(fio_file.load(tmp_path / "there" / "main.fio").drafts)
    assert job.iodepth == 2


SECRET = "s3cr3t"
TELLING = {
    "an option's value": "iodepth=${TOKEN}",
    "an option's name": "${TOKEN}=1",
    "a choice": "rw=${TOKEN}",
    "what fio has and we have not": "ioengine=${TOKEN}",
    "arithmetic": "size=(${NUMBER}*$ncpus",
    "several files": "filename=a:${TOKEN}",
    "options that do not go together": "iodepth_low=${NUMBER}",
    "an included file": "include ${TOKEN}",
}


@pytest.mark.parametrize("line", TELLING.values(), ids=TELLING)
def test_what_a_variable_stands_for_is_in_no_error(line: str) -> None:
    """Job files are others' often, and variables are secrets sometimes."""
    text = f"[job]\n{line}\n"
    environment = {"TOKEN": SECRET, "NUMBER": "48213"}
    with pytest.raises(UsageError) as refused:
        resolve(fio_file.parse(text, "job.fio", environment=environment).drafts)
    told = str(refused.value) + refused.value.remedy
    assert SECRET not in told and "48213" not in told
    assert re.search(r"\$\{(TOKEN|NUMBER)\}", told)


def test_a_variable_s_value_is_the_job_s_and_its_name_is_what_was_written() -> None:
    text = "[job]\nfilename=/dev/${DISK}\n"
    drafts = fio_file.parse(text, "job.fio", environment={"DISK": "zero"}).drafts
    assert resolve(drafts)[0].filename == "/dev/zero"
    assert drafts[0].settings["filename"].as_written("filename") == ("filename", "/dev/${DISK}")


def test_where_an_included_option_was_written_is_told(tmp_path: Path) -> None:
    write(tmp_path, main="[a]\ninclude one.fio", one="\niodepth=0")
    with pytest.raises(UsageError, match=r"one\.fio:2: iodepth is wrong; what an included file"):
        resolve(fio_file.load(tmp_path / "main.fio").drafts)


@pytest.mark.parametrize(
    ("included", "error"),
    [
        ("include main.fio", "one.fio:1: include: it includes itself"),
        ("include one.fio", "includes itself"),
        ("[b]", "an included file cannot begin a section"),
        ("include", "include: it needs a file's name"),
        ("include none.fio", "one.fio:1: include: the file cannot be read"),
        ("include .", "one.fio:1: include: the file cannot be read"),
        ("include /dev/zero", "one.fio:1: include: the file cannot be read"),
        ("include fifo", "one.fio:1: include: the file cannot be read"),
        ("include empty.fio\n" * 300, "more than 256 files are included"),
    ],
)
def test_what_cannot_be_included(tmp_path: Path, included: str, error: str) -> None:
    write(tmp_path, main="[a]\ninclude one.fio", one=included, empty="")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match=error):
        fio_file.load(tmp_path / "main.fio")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("none.fio", "main.fio:2: include none.fio: .*none.fio cannot be read: No such file"),
        (".", "is no regular file"),
        ("/dev/zero", "/dev/zero cannot be read: it is no regular file"),
        ("fifo", "fifo cannot be read: it is no regular file"),
    ],
)
def test_what_is_told_of_what_a_job_file_itself_includes(
    tmp_path: Path, name: str, error: str
) -> None:
    write(tmp_path, main=f"[a]\ninclude {name}")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match=error):
        fio_file.load(tmp_path / "main.fio")


def test_files_that_include_each_other_many_times_end(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(30)]
    for name, following in zip(names, [*names[1:], "last"], strict=True):
        write(tmp_path, **{name: f"include {following}.fio\n" * 2})
    write(tmp_path, main="[a]\ninclude f0.fio", last="iodepth=1")
    with pytest.raises(UsageError, match="more than 16 deep"):
        fio_file.load(tmp_path / "main.fio")
