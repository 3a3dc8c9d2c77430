"""Names of HTTP headers that the server reads and its shadow writes, in lower case."""

from typing import Final

from holdfast import raw_bytes

JSON_LENGTH: Final = raw_bytes.JSON_LENGTH.encode()
"""How many bytes of the body are JSON; raw tensors follow (binary tensor data extension)."""
COPY: Final = b"holdfast-copy"
"""Marks a copy of a request that another revision has answered."""
