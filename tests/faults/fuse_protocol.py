"""The FUSE protocol: packs and unpacks the messages of <linux/fuse.h>.

Nothing but packing and unpacking, for a file system that is a folder with one file in it.
"""

import errno
import stat
import struct
from dataclasses import dataclass
from enum import IntEnum

VERSION = (7, 31)
MAX_TRANSFER_BYTES = 1 << 20
# The largest message: a write of the largest size, and room for its header.
MESSAGE_BYTES = MAX_TRANSFER_BYTES + 8192

ROOT_NODE, FILE_NODE = 1, 2
FILE_NAME = b"data"

# Flags of INIT.
ASYNC_READ, BIG_WRITES, ASYNC_DIO, MAX_PAGES = 1 << 0, 1 << 5, 1 << 15, 1 << 22
# A flag of OPEN's reply.
DIRECT_IO = 1 << 0

_CACHED_FOR_S = 3600
_REQUEST_HEADER = struct.Struct("<IIQQIIIHH")
_REPLY_HEADER = struct.Struct("<IiQ")
_TRANSFER = struct.Struct("<QQIIQII")


class Opcode(IntEnum):
    """The operations that the server answers each in its own way."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    RELEASEDIR = 29
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42


@dataclass(frozen=True)
class Request:
    """A request from the kernel."""

    opcode: int
    unique: int
    """The id by which the kernel matches the answer."""
    node: int
    body: bytes

    @classmethod
    def parse(cls, message: bytes) -> "Request":
        length, opcode, unique, node, *_ = _REQUEST_HEADER.unpack_from(message)
        return cls(opcode, unique, node, message[_REQUEST_HEADER.size : length])


@dataclass(frozen=True)
class Transfer:
    """A read or a write; the data is a write's."""

    offset: int
    size_bytes: int
    data: bytes

    @classmethod
    def parse(cls, body: bytes) -> "Transfer":
        _, offset, size_bytes, *_ = _TRANSFER.unpack_from(body)
        return cls(offset, size_bytes, body[_TRANSFER.size :])


def reply(unique: int, error: int = 0, body: bytes = b"") -> bytes:
    """The answer to the request `unique`: an errno, or what was asked for."""
    return _REPLY_HEADER.pack(_REPLY_HEADER.size + len(body), -error, unique) + body


def init_reply(body: bytes, flags: int) -> bytes:
    """Agree on a version, and on those of `flags` that the kernel offers."""
    _, _, read_ahead, offered = struct.unpack_from("<4I", body)
    background, congestion, time_granularity_ns, pages = 64, 48, 1, MAX_TRANSFER_BYTES >> 12
    return struct.pack(
        "<4I2H2I2HI7I", *VERSION, read_ahead, offered & flags, background, congestion,
        MAX_TRANSFER_BYTES, time_granularity_ns, pages, 0, 0, *[0] * 7,
    )  # fmt: skip


def attributes(node: int, size_bytes: int) -> bytes:
    """The node's fuse_attr."""
    is_root = node == ROOT_NODE
    mode = stat.S_IFDIR | 0o755 if is_root else stat.S_IFREG | 0o666
    size = 4096 if is_root else size_bytes
    times, links, owners, device, block_bytes, flags = (0, 0, 0), 1, (0, 0), 0, 4096, 0
    return struct.pack(
        "<6Q10I", node, size, size // 512, *times, *times, mode, links, *owners, device,
        block_bytes, flags,
    )  # fmt: skip


def lookup_reply(name: bytes, size_bytes: int) -> bytes | int:
    """The one file's entry, or ENOENT."""
    if name.rstrip(b"\0") != FILE_NAME:
        return errno.ENOENT
    head = struct.pack("<4Q2I", FILE_NODE, 0, _CACHED_FOR_S, _CACHED_FOR_S, 0, 0)
    return head + attributes(FILE_NODE, size_bytes)


def attributes_reply(node: int, size_bytes: int) -> bytes:
    return struct.pack("<QII", _CACHED_FOR_S, 0, 0) + attributes(node, size_bytes)


def open_reply(node: int) -> bytes:
    """The file bypasses the page cache, from which the kernel would complete short I/Os."""
    return struct.pack("<QIi", node, DIRECT_IO, 0)


def write_reply(size_bytes: int) -> bytes:
    return struct.pack("<II", size_bytes, 0)


def statfs_reply(size_bytes: int) -> bytes:
    return struct.pack("<5Q4I6I", size_bytes >> 12, 0, 0, 2, 0, 4096, 255, 4096, 0, *[0] * 6)
