"""Files that are read and written, targets excepted: job files in, results and logs out."""
