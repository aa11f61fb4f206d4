"""What to do: the options of a job, and the sources that jobs are read from."""
