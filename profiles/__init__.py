"""The shipped profiles: package data, read by `laiobench.sources.profiles`."""
