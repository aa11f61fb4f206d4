"""The documents that runs and comparisons leave: their models, and the folder they are kept in."""
