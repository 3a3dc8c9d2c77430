"""A sampled copy of answered requests for another revision, and how its answers differ."""
