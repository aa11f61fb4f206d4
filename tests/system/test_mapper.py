"""The tables of device-mapper, read from answers as the kernel writes them."""

import errno
import struct
from pathlib import Path

from laiobench.system.mapper import Line, Part, ask, parts, table

IS_FULL = 0x100


class Kernel:
    """Answers DM_TABLE_STATUS as include/uapi/linux/dm-ioctl.h says."""

    def __init__(self, *lines: tuple[int, int, bytes, bytes]) -> None:
        self.lines = lines
        self.asked: list[tuple[int, int, int]] = []

    def __call__(self, question: bytes) -> bytes:
        size, start = struct.unpack_from("<2I", question, 12)
        flags = struct.unpack_from("<I", question, 28)[0]
        device = struct.unpack_from("<Q", question, 40)[0]
        self.asked.append((size, flags, device))
        targets = b""
        for first, sectors, target, arguments in self.lines:
            said = arguments + b"\0"
            said += bytes(-len(said) % 8)
            following = len(targets) + 40 + len(said)
            targets += struct.pack("<QQiI16s", first, sectors, 0, following, target) + said
        answer = bytearray(question)
        if start + len(targets) > size:
            struct.pack_into("<I", answer, 28, flags | IS_FULL)
            return bytes(answer)
        struct.pack_into("<I", answer, 20, len(self.lines))
        answer[start : start + len(targets)] = targets
        return bytes(answer)


def test_a_table_is_read_line_by_line() -> None:
    kernel = Kernel((0, 2048, b"linear", b"8:2 384"), (2048, 4096, b"striped", b"2 8 8:2 0 8:16 9"))
    assert ask(0xFC03, kernel) == [
        Line(0, 2048, "linear", ("8:2", "384")),
        Line(2048, 4096, "striped", ("2", "8", "8:2", "0", "8:16", "9")),
    ]
    ((_, flags, device),) = kernel.asked
    assert flags == 1 << 4, "the table, not its state"
    assert device == 0xFC03


def test_a_long_one_is_asked_for_again() -> None:
    kernel = Kernel(*((n, 1, b"linear", b"8:2 %d" % n) for n in range(2000)))
    lines = ask(1, kernel)
    assert lines is not None
    assert [line.start for line in lines] == list(range(2000))
    assert len(kernel.asked) > 1


def test_without_device_mapper_nothing_is_known(tmp_path: Path) -> None:
    assert table("252:0", tmp_path / "control") is None
    (tmp_path / "control").touch()
    assert table("252:0", tmp_path / "control") is None, errno.errorcode[errno.ENOTTY]


def test_where_a_line_writes_to() -> None:
    def of(target: str, arguments: str) -> list[Part]:
        return parts(Line(0, 100, target, tuple(arguments.split())))

    assert of("linear", "8:2 384") == [Part("8:2", 384, 100)]
    assert of("flakey", "8:2 384 5 1") == [Part("8:2", 384, 100)]
    assert of("crypt", "aes-xts-plain64 :64:logon:k 0 8:2 4096 1 allow_discards") == [
        Part("8:2", 4096, 100)
    ]
    assert of("striped", "3 8 8:2 0 8:16 9 8:32 7") == [
        Part("8:2", 0, 34), Part("8:16", 9, 34), Part("8:32", 7, 34),
    ]  # fmt: skip
    assert of("thin", "252:4 17") == [Part("252:4", volume="17")]
    assert of("snapshot", "252:1 252:2 P 8") == [Part("252:2")]
    assert of("raid", "raid1 3 0 region_size 1024 2 8:2 8:3 8:4 8:5") == [
        Part("8:2"), Part("8:3"), Part("8:4"), Part("8:5"),
    ]  # fmt: skip
    assert of("error", "") == []
    assert of("linear", "of tomorrow") == []
