"""Open Inference Protocol over HTTP: bytes and paths on one side, the data plane on the other."""
