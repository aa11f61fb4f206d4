"""Did it get worse? Policies, baselines and verdicts."""
