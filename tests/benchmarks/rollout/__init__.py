"""A million requests over rolling updates on a real node, and how many of them failed."""
