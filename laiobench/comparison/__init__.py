"""Compares runs with runs: trials in turns, stored results, intervals, change points."""
