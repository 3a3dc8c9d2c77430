"""Compressed request bodies (RFC 9110 section 8.4), unpacked up to the limit of any other body."""

import zlib
from typing import Final

from holdfast_serving.inference.errors import RequestError

_WINDOW_BITS: Final = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""What zlib is told, by name of the encoding: gzip's header and trailer, or zlib's own."""


def decoded_body(body: bytes, encoding: bytes, max_bytes: int) -> bytes:
    """Return the body as it was before it was compressed.

    Raises:
        RequestError: 415 for another encoding, 413 when it unpacks to more than ``max_bytes``, 400 when it
            is damaged.
    """
    name = encoding.strip().lower()
    if name in (b"", b"identity"):
        return body
    bits = _WINDOW_BITS.get(name)
    if bits is None:
        raise RequestError("a body may be compressed by gzip or deflate only", 415)
    unpacking = zlib.decompressobj(bits)
    try:
        # One byte more than allowed tells a body that is too large without unpacking the rest.
        unpacked = unpacking.decompress(body, max_bytes + 1)
    except zlib.error:
        raise RequestError("the body is not what its content-encoding says") from None
    if len(unpacked) > max_bytes:
        raise RequestError(f"the body is larger than {max_bytes} bytes", 413)
    if not unpacking.eof or unpacking.unused_data:
        raise RequestError("the body is not what its content-encoding says")
    return unpacked
