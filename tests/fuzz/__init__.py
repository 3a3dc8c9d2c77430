"""Fuzzers: mutated bytes into everything that reads what strangers send."""
