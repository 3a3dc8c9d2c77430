"""The bike rides example: rows, trainer and load generator."""
