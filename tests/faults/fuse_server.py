"""A FUSE server with one file, `data`, which fails requests by rules; over raw /dev/fuse.

A program of its own: a process that waits for a file can't also serve it.  It is told
rules and such on stdin, a line each, and answers each line on stdout.  When stdin ends,
and however else it ends, the kernel answers all that waits with ECONNABORTED.
"""

import ctypes
import errno
import heapq
import os
import select
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

if __package__ in (None, ""):  # run as a program
    sys.path.insert(0, str(Path(__file__).parent.parent))

from faults import fuse_protocol as fuse
from faults.fault_rules import Fault, Rule
from faults.fuse_protocol import Opcode

_MS_NOSUID, _MS_NODEV, _MNT_DETACH = 2, 4, 2
_NO_ANSWER = (Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.INTERRUPT)

Answer = Callable[[], bytes | int]
"""Carries out a request; returns the body of the reply, or an errno."""


class Server:
    """The file's content, the rules, and the requests that wait."""

    def __init__(self, device: int, size_bytes: int, *, is_async: bool) -> None:
        self._device = device
        self._data = bytearray(os.urandom(size_bytes))
        self._flags = fuse.ASYNC_READ | fuse.BIG_WRITES | fuse.MAX_PAGES
        self._flags |= fuse.ASYNC_DIO if is_async else 0
        self._rules: list[Rule] = []
        self._hung: list[tuple[int, Answer]] = []
        self._delayed: list[tuple[float, int, Answer]] = []
        self._commands = b""

    # ---- what we are told -------------------------------------------------------

    def _obey(self, line: str) -> int:
        """Carry out a command; returns the number that it asks for."""
        command, _, argument = line.partition(" ")
        match command:
            case "inject":
                self._rules.append(Rule.parse(argument))
            case "clear":
                self._rules.clear()
            case "release":
                hung, self._hung = self._hung, []
                for unique, answer in hung:
                    self._reply(unique, answer())
            case "hung":
                return len(self._hung)
            case "hits":
                return sum(rule.hits for rule in self._rules)
            case _:
                raise ValueError(f"{line!r} is no command")
        return 0

    def _read_commands(self) -> bool:
        """Carry out commands from stdin; returns False at its end."""
        received = os.read(0, 65536)
        *lines, self._commands = (self._commands + received).split(b"\n")
        for line in lines:
            print(self._obey(line.decode()), flush=True)
        return bool(received)

    # ---- what the kernel asks for -----------------------------------------------

    def _reply(self, unique: int, result: bytes | int) -> None:
        is_error = isinstance(result, int)
        message = fuse.reply(unique, result) if is_error else fuse.reply(unique, body=result)
        try:
            os.write(self._device, message)
        except OSError as error:
            if error.errno != errno.ENOENT:  # the process that waited is gone
                raise

    def _carry_out(
        self, operation: str, transfer: fuse.Transfer, fault: Fault | None
    ) -> bytes | int:
        """Carry out a request; returns the reply."""
        if fault and fault.errno:
            return fault.errno
        size_bytes = transfer.size_bytes
        if fault and fault.action in ("short", "zero"):
            size_bytes = min(size_bytes, int(fault.amount))
        span = slice(transfer.offset, transfer.offset + size_bytes)
        match operation:
            case "read":
                return bytes(self._data[span])
            case "write":
                self._data[span] = transfer.data[:size_bytes]
                return fuse.write_reply(size_bytes)
            case _:
                return b""

    def _serve_faulty(self, request: fuse.Request, operation: str) -> None:
        """Serve a request to which rules apply: answer now, later, or when released."""
        transfer = fuse.Transfer(0, 0, b"")
        if operation != "fsync":
            transfer = fuse.Transfer.parse(request.body)
        place = (operation, transfer.offset, transfer.size_bytes)
        # Every rule counts its matches; of several that hit, the last one applies.
        faults = [rule.fault for rule in self._rules if rule.hit(*place)]
        fault = faults[-1] if faults else None
        answer = partial(self._carry_out, operation, transfer, fault)
        if fault and fault.action == "hang":
            self._hung.append((request.unique, answer))
        elif fault and fault.action == "delay":
            due = time.monotonic() + fault.amount
            heapq.heappush(self._delayed, (due, request.unique, answer))
        else:
            self._reply(request.unique, answer())

    def _answer(self, request: fuse.Request) -> bytes | int:
        size_bytes = len(self._data)
        match request.opcode:
            case Opcode.INIT:
                return fuse.init_reply(request.body, self._flags)
            case Opcode.LOOKUP:
                return fuse.lookup_reply(request.body, size_bytes)
            case Opcode.GETATTR | Opcode.SETATTR:
                return fuse.attributes_reply(request.node, size_bytes)
            case Opcode.OPEN | Opcode.OPENDIR:
                return fuse.open_reply(request.node)
            case Opcode.STATFS:
                return fuse.statfs_reply(size_bytes)
            case Opcode.RELEASE | Opcode.RELEASEDIR | Opcode.FLUSH | Opcode.DESTROY:
                return b""
            case _:
                return errno.ENOSYS

    def _serve_one(self) -> bool:
        """Serve a request; returns False if the file system is unmounted."""
        try:
            message = os.read(self._device, fuse.MESSAGE_BYTES)
        except OSError as error:
            return error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN)
        request = fuse.Request.parse(message)
        faulty = {Opcode.READ: "read", Opcode.WRITE: "write", Opcode.FSYNC: "fsync"}
        if operation := faulty.get(request.opcode):
            self._serve_faulty(request, operation)
        elif request.opcode not in _NO_ANSWER:
            self._reply(request.unique, self._answer(request))
        return True

    # ---- the loop ---------------------------------------------------------------

    def _answer_delayed(self) -> float | None:
        """Answer delayed requests that are due; returns in how many ms the next one is."""
        while self._delayed:
            wait_s = self._delayed[0][0] - time.monotonic()
            if wait_s > 0:
                return wait_s * 1000
            _, unique, answer = heapq.heappop(self._delayed)
            self._reply(unique, answer())
        return None

    def run(self) -> None:
        poll = select.poll()
        for descriptor in (self._device, 0):
            poll.register(descriptor, select.POLLIN)
        goes_on = True
        while goes_on:
            ready = dict(poll.poll(self._answer_delayed()))
            if 0 in ready:
                goes_on = self._read_commands()
            if goes_on and self._device in ready:
                goes_on = self._serve_one()


def main(folder: str, size_bytes: str, *flags: str) -> None:
    """Mount at `folder`, say so, and serve."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,max_read=1048576"
    place = folder.encode()
    if libc.mount(b"faulty", place, b"fuse", _MS_NOSUID | _MS_NODEV, options.encode()) < 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    try:
        server = Server(device, int(size_bytes), is_async="blocking" not in flags)
        print("mounted", flush=True)
        server.run()
    finally:
        os.close(device)
        libc.umount2(place, _MNT_DETACH)


if __name__ == "__main__":
    main(*sys.argv[1:])
