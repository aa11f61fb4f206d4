"""The options of a job, and the sources that jobs are read from."""
