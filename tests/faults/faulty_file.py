"""A file with faulty reads and writes: the test's side of the FUSE server."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults import fuse_server

SIZE_BYTES = 4 << 20


class FaultyFile:
    """The file at `path`, and the rules that its requests meet (see fault_rules.py)."""

    def __init__(self, path: Path, server: subprocess.Popen[str]) -> None:
        self.path = path
        self._server = server

    def _ask(self, command: str) -> int:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(command + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def inject(self, *rules: str) -> None:
        """Add rules; they apply to new requests."""
        for rule in rules:
            self._ask(f"inject {rule}")

    def clear(self) -> None:
        """Remove all rules; requests that hang go on hanging."""
        self._ask("clear")

    def release(self) -> None:
        """Answer the requests that hang."""
        self._ask("release")

    @property
    def hung(self) -> int:
        """How many requests hang."""
        return self._ask("hung")

    @property
    def hits(self) -> int:
        """How many requests the present rules have hit."""
        return self._ask("hits")

    def wait_until_hung(self, requests: int) -> None:
        """Wait until so many requests hang."""
        deadline = time.monotonic() + 30
        while (hung := self.hung) < requests:
            assert time.monotonic() < deadline, f"only {hung} requests hang"
            time.sleep(0.02)

    def abort(self) -> None:
        """Kill the server: waiting requests get ECONNABORTED, later ones ENOTCONN."""
        self._server.kill()
        self._server.wait()


@contextmanager
def mounted(folder: Path, *, is_async: bool = True) -> Iterator[FaultyFile]:
    """A faulty file in `folder`; without `is_async`, io_submit waits for each request."""
    folder.mkdir()
    flags = [] if is_async else ["blocking"]
    server = subprocess.Popen(
        [sys.executable, fuse_server.__file__, folder, str(SIZE_BYTES), *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout and server.stdin
        try:
            assert server.stdout.readline() == "mounted\n"
            yield FaultyFile(folder / "data", server)
        finally:
            if server.poll() is None:
                server.stdin.close()  # it unmounts, and the kernel fails waiting requests
                try:
                    server.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    server.kill()
            subprocess.run(["umount", "--lazy", folder], check=False, capture_output=True)
