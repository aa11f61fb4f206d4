"""What is looked at while jobs run."""
