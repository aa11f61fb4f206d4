"""Where the program starts: `python -m laiobench`, and the script `laiobench`."""

from laiobench.cli.interruption import Interruption


def start() -> None:
    """Import the command line, and run it."""
    interruption = Interruption()
    interruption.watch()
    from laiobench.cli.main import main

    main(interruption)


if __name__ == "__main__":
    start()
