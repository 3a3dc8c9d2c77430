"""Registration with kopf, and the work loop that it feeds."""
