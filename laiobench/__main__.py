"""Where the program starts: `python -m laiobench`, and the script `laiobench`."""

import os
import sys

_NO_MEMORY = b"""laiobench: error: there is not enough memory to go on
  free some, or raise the limit (ulimit -v and -d; a container's memory)
"""
_RUN_FAILED = 1
_STDERR = 2


def start() -> None:
    """Import the command line, and run it."""
    if os.path.basename(sys.argv[0]) == "fio":  # noqa: PTH119  a link of this name is in fio's stead
        sys.argv[1:1] = ["fio"]
    try:
        from laiobench.cli.interruption import Interruption

        interruption = Interruption()
        interruption.watch()
        from laiobench.cli.main import main

        main(interruption)
    # Not even the import had enough, or telling of it; CPython may make the second of the first.
    except (MemoryError, SystemError):
        os.write(_STDERR, _NO_MEMORY)
        os._exit(_RUN_FAILED)


if __name__ == "__main__":
    start()
