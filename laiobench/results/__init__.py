"""Documents and their folder: what runs and comparisons came to, kept, found and read."""
