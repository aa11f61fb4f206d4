"""Files that are read and written, but for targets: job files in, results and logs out."""
