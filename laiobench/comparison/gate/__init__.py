"""Judges whether a candidate got worse: policies, baselines and verdicts."""
