"""The process: listening, loading beside, draining, and what its container may use."""
