"""The program's beginning: `python -m laiobench`, and the script `laiobench`.

Until `main` is there to tell of it in a sentence, Ctrl-C just ends the process: a
traceback of imports would say nothing to anybody.
"""

import signal


def start() -> None:
    """Import the command line, and run it."""
    is_handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_handled:  # it is ignored under nohup, and stays so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from laiobench.cli.main import main

    if is_handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    main()


if __name__ == "__main__":
    start()
