"""`python -m laiobench.fio`: fio's command line, as `laiobench fio` takes it."""

import sys

from laiobench.__main__ import start


def as_fio() -> None:
    """Run what follows the program's name as fio's command line."""
    sys.argv[1:1] = ["fio"]
    start()


if __name__ == "__main__":
    as_fio()
