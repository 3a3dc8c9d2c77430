"""Kubernetes operator of Holdfast: observe, decide, enact."""
