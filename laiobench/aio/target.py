"""Target: an open file or block device, read and written by coroutines.

Knows how a target is opened, and what its requests do.  It is attached to the context
that uses it, and moves to another one when it has no requests in flight.
"""

import os
import warnings
from typing import TYPE_CHECKING, Self

from laiobench.aio.arguments import whole_number, whole_view, writable_view
from laiobench.aio.opening import create_file, open_file
from laiobench.aio.operation import RequestOperation, raise_failure
from laiobench.aio.scheduler import SLICE_NS
from laiobench.aio.waker import Waker
from laiobench.native.session import NativeRequest, NativeTarget, bytes_read, copy_read
from laiobench.native.structures import TargetLimits, probe_target

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_REQUEST_BYTES = 0x7FFF_F000
"""The most that Linux transfers in one request."""

MAX_OFFSET = (1 << 63) - 1


class Target:
    """An open file or block device.  Made by `open`; use it in a `with`."""

    def __init__(self, path: str, fd: int, limits: TargetLimits, *, direct: bool) -> None:
        self._path = path
        self._limits = limits
        self._direct = direct
        self._waker: Waker | None = None
        self._native: NativeTarget | None = None
        self._fd = fd  # set last: from now on, close() closes it

    @classmethod
    def open(
        cls,
        path: "str | os.PathLike[str]",
        *,
        writable: bool = False,
        direct: bool = True,
        create: int | None = None,
    ) -> Self:
        """Open a file or block device.

        Args:
            path: of the file or device.
            writable: open it for pwrite, too.  A block device is then claimed: one that is
                mounted, or claimed by others, is refused with EBUSY.
            direct: bypass the page cache (O_DIRECT).  Requests with the alignment that this
                needs go to the device unchanged; others are copied by a thread pool.
            create: if the file is missing, create one of so many bytes, all zero and
                allocated.  The file and its name are on disk when this returns.

        Raises:
            OSError: with errno and filename; EINVAL if the file system has no direct I/O,
                ESPIPE for a pipe or socket.
            TypeError: `create` is not an integer.
            ValueError: `create` without `writable`, or negative.
        """
        path = os.fspath(path)
        if create is not None:
            size = whole_number("create", create)
            if size < 0 or not writable:
                raise ValueError("create is a size in bytes, and needs writable=True")
            create_file(path, size)
        fd = open_file(path, writable=writable, direct=direct)
        try:
            return cls(path, fd, probe_target(fd), direct=direct)
        except BaseException:
            os.close(fd)
            raise

    def __repr__(self) -> str:
        return f"<Target {self._path}, {'closed' if self.closed else 'open'}>"

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        """Warn, and close it, as Python's files do; not if the core may still use it."""
        if getattr(self, "_fd", -1) < 0:
            return
        try:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)
        finally:
            if self._can_leave_at_once():
                self.close()

    # ---- properties -----------------------------------------------------------------

    @property
    def path(self) -> str:
        """The path that it was opened by."""
        return self._path

    @property
    def size_bytes(self) -> int:
        """Its present size; 0 for a character device.

        Raises:
            RuntimeError: it is closed.
        """
        self._check_open()
        return probe_target(self._fd).size_bytes

    @property
    def request_align(self) -> int:
        """Requests with offset and length divisible by it go to the device unchanged; in bytes."""
        return max(1, self._limits.request_align) if self._direct else 1

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._fd < 0

    def close(self) -> None:
        """Close it.  Waits for requests in flight; others end with ECANCELED.

        Raises:
            RuntimeError: it is attached to another thread's context.
        """
        if self.closed:
            return
        self._leave(may_wait=True)
        fd, self._fd = self._fd, -1
        os.close(fd)

    # ---- requests -------------------------------------------------------------------

    async def pread(self, offset: int, count: int) -> bytes:
        """Read `count` bytes at `offset`; fewer at the target's end.

        Raises:
            OSError: it failed; with errno and filename.
            RuntimeError: the target is closed.
            TypeError: an argument is not an integer.
            ValueError: `offset` or `count` is out of range.
        """
        offset, count = self._check_range(offset, count)
        if count == 0:
            return b""
        operation = _Read(self, offset, count)
        try:
            request = await operation
            raise_failure(request, self._path)
            return bytes_read(request)
        finally:
            operation.release()

    async def pread_into(self, offset: int, buffer: "Buffer") -> int:
        """Read into a writable buffer, as many bytes as it has; returns how many were read.

        The buffer is filled when the request is done, and unchanged on failure.  It must not
        be resized meanwhile.  Raises what `pread` raises; also TypeError if it is not
        writable, ValueError if it is not contiguous.
        """
        with writable_view("pread_into", buffer) as view:
            offset, count = self._check_range(offset, view.nbytes)
            if count == 0:
                return 0
            operation = _Read(self, offset, count)
            try:
                request = await operation
                raise_failure(request, self._path)
                copy_read(request, view)
                return request.bytes
            finally:
                operation.release()

    async def pwrite(self, offset: int, data: "Buffer") -> int:
        """Write all of `data` at `offset`; returns the number of bytes.

        All is written, or an error is raised: if the device writes a part, the rest is
        written next.  With direct I/O, a file grows by whole blocks, padded with zeros.
        Raises what `pread` raises; also ENOSPC at a device's end, and ValueError if `data` is
        not contiguous.
        """
        with whole_view(data) as view:
            offset, count = self._check_range(offset, view.nbytes)
        if count == 0:
            return 0
        operation = _Write(self, offset, data)
        try:
            request = await operation
            raise_failure(request, self._path)
            return request.bytes
        finally:
            operation.release()

    async def fsync(self) -> None:
        """Make all writes that are done by now durable, with the file's metadata.

        Raises:
            OSError: it failed; with errno and filename.
            RuntimeError: the target is closed.
        """
        await self._sync(data_only=False)

    async def fdatasync(self) -> None:
        """As `fsync`, but only with the metadata that is needed to read the data."""
        await self._sync(data_only=True)

    async def _sync(self, *, data_only: bool) -> None:
        self._check_open()
        operation = _Sync(self, data_only=data_only)
        try:
            raise_failure(await operation, self._path)
        finally:
            operation.release()

    # ---- contexts -------------------------------------------------------------------

    def attach_to(self, waker: Waker) -> NativeTarget:
        """Attach the target to a context, if it is not attached there yet.

        Raises:
            RuntimeError: it is closed, or has requests in flight in another context.
        """
        self._check_open()
        if self._native is None or self._waker is not waker:
            self._leave(may_wait=False)
            limits = self._limits if self._direct else None
            self._native = waker.session.attach(self._fd, limits)
            self._waker = waker
        return self._native

    def _leave(self, *, may_wait: bool) -> None:
        """Detach it.  A context that was closed has detached it already."""
        native, waker = self._native, self._waker
        if native and waker and waker.session.is_open and not waker.is_inherited:
            waker.check_thread()
            session = waker.session
            if not may_wait and session.is_busy(native):
                raise RuntimeError(f"{self._path} has requests under way in another AioContext")
            session.withdraw(native)
            while session.is_busy(native):
                waker.look(go_round=True, max_ns=SLICE_NS)
            session.detach(native)
        self._native = self._waker = None

    def _can_leave_at_once(self) -> bool:
        native, waker = self._native, self._waker
        if native is None or waker is None or waker.is_inherited:
            return True
        session = waker.session
        return not session.is_open or (waker.is_at_home and not session.is_busy(native))

    # ---- checks ---------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError(f"{self._path} is closed")

    def _check_range(self, offset: int, count: int) -> tuple[int, int]:
        self._check_open()
        offset, count = whole_number("offset", offset), whole_number("count", count)
        if not 0 <= count <= MAX_REQUEST_BYTES:
            raise ValueError(f"a request has 0 to {MAX_REQUEST_BYTES:,} bytes, not {count:,}")
        if not 0 <= offset <= MAX_OFFSET - count:
            raise ValueError(f"there is no offset {offset:,} to have {count:,} bytes at")
        return offset, count


class _TargetRequest(RequestOperation):
    __slots__ = ("_target",)

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target


class _Read(_TargetRequest):
    __slots__ = ("_count", "_offset")

    def __init__(self, target: Target, offset: int, count: int) -> None:
        super().__init__(target)
        self._offset = offset
        self._count = count

    def issue(self, waker: Waker) -> NativeRequest:
        native = self._target.attach_to(waker)
        return waker.session.read(native, self._offset, self._count)


class _Write(_TargetRequest):
    __slots__ = ("_data", "_offset")

    def __init__(self, target: Target, offset: int, data: "Buffer") -> None:
        super().__init__(target)
        self._offset = offset
        self._data = data

    def issue(self, waker: Waker) -> NativeRequest:
        native = self._target.attach_to(waker)
        return waker.session.write(native, self._offset, self._data)


class _Sync(_TargetRequest):
    __slots__ = ("_data_only",)

    def __init__(self, target: Target, *, data_only: bool) -> None:
        super().__init__(target)
        self._data_only = data_only

    def issue(self, waker: Waker) -> NativeRequest:
        native = self._target.attach_to(waker)
        return waker.session.sync(native, data_only=self._data_only)
