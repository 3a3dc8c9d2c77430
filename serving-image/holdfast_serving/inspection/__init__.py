"""Before a model is served: fetch it, verify it, check it in a child process, report."""
