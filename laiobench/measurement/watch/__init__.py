"""What is watched while jobs run."""
