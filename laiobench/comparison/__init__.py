"""Runs against runs: trials in turns, stored results, intervals, change points."""
