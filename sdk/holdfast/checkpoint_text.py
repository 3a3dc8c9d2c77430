"""What is kept in a ConfigMap, as text: compressed, bounded, and read with distrust."""

import base64
import gzip
import zlib
from typing import Final

from pydantic import BaseModel

MAX_CHARACTERS: Final = 900_000
"""Of the text: a ConfigMap takes 1 MiB."""
MAX_BYTES: Final = 64 * 1024**2
"""Of what is read back from it."""
UNREADABLE: Final = (ValueError, EOFError, zlib.error, OSError)
"""What ``decompressed``, and a model that reads its answer, raise."""


def compressed(checkpoint: BaseModel) -> str | None:
    """Return base64 of compressed JSON, equal for equal checkpoints; None: it is too large to be kept."""
    content = gzip.compress(checkpoint.model_dump_json().encode(), mtime=0)
    text = base64.b64encode(content).decode()
    return text if len(text) <= MAX_CHARACTERS else None


def decompressed(text: str) -> bytes:
    """Return the JSON.

    Raises:
        ValueError, EOFError, zlib.error, OSError: it is no such text, is cut off or is too large.
    """
    decompressor = zlib.decompressobj(wbits=31)
    content = decompressor.decompress(base64.b64decode(text, validate=True), MAX_BYTES)
    if not decompressor.eof:
        raise ValueError("it is cut off or too large")
    return content
