"""What `laiobench gate --init` writes: data, found by `laiobench.cli.first_gate`."""
