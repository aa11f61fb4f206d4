"""`python -m laiobench`."""

from laiobench.cli.main import main

main()
