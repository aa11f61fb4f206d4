"""Where and how jobs run: regions, threads, limits, memory, before anything starts."""
