"""How fast the server answers beside the Python model servers that people use, all in one interleaved run."""
