"""Clients of the Open Inference Protocol that others publish, run unchanged against our server."""
