"""Ways to get a cluster, one per module."""
