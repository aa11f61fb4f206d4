"""The kernel's room for AIO events, read from made-up files."""

from pathlib import Path

from laiobench.system.aio_events import AioRoom, aio_room
from laiobench.system.kernel import System


def test_there_is_room_up_to_the_limit() -> None:
    room = AioRoom(used=100, limit=356)
    assert room.has(256) and not room.has(257)


def test_what_is_advised_is_enough() -> None:
    for room in (AioRoom(used=2_000_000, limit=2_000_100), AioRoom(used=0, limit=65_536)):
        problem, remedy = room.refusal(3_000_000)
        assert "the run's 3,000,000 AIO events" in problem
        advised = int(remedy.partition("aio-max-nr=")[2].partition(",")[0])
        assert AioRoom(room.used, advised).has(3_000_000)


def test_a_kernel_that_does_not_tell_refuses_nothing(tmp_path: Path) -> None:
    assert aio_room(System(proc=tmp_path)) == AioRoom(0, 0)
    assert aio_room(System(proc=tmp_path)).has(1 << 40)


def test_it_is_read_from_where_the_kernel_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "sys/fs"
    folder.mkdir(parents=True)
    (folder / "aio-nr").write_text("12\n")
    (folder / "aio-max-nr").write_text("65536\n")
    assert aio_room(System(proc=tmp_path)) == AioRoom(12, 65_536)
