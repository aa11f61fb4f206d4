"""Jobs placed, run, watched and judged."""
