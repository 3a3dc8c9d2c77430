"""Prediction ids: what is needed to score a label later, authenticated, in the id itself.

No server remembers a prediction. Whoever has the key can check an id, so any replica takes the label, after
restarts too. docs/decisions/0007-prediction-ids.md has the format and the reasons.
"""

import hmac
import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_ROWS: Final = 256
"""Answers with more rows have no id."""
MAX_SLICES: Final = 8
MAX_ID_LENGTH: Final = 8192
"""Characters; the longest id that is issued has less."""
MISSING_SLICE: Final = 255
"""The slice of a row whose feature is missing."""

_MAC_BYTES: Final = 16
_VERSION: Final = 1
_FIXED = struct.Struct("<BcfIBB")
"""Version, kind, error scale, layout of the slices, number of slices, length of the revision."""
_VARIABLE = struct.Struct("<IHQ")
"""Seconds since the epoch, rows, number of the answer."""
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


class Kind(StrEnum):
    """What an id has for each row."""

    CLASS = "c"
    """The CRC-32 of the predicted class as a text."""
    FLOAT32 = "f"
    FLOAT64 = "d"


_DTYPES: Final[Mapping[Kind, str]] = {Kind.CLASS: "<u4", Kind.FLOAT32: "<f4", Kind.FLOAT64: "<f8"}
WIDTHS: Final[Mapping[Kind, int]] = {Kind.CLASS: 4, Kind.FLOAT32: 4, Kind.FLOAT64: 8}
"""Bytes for each row."""


class IdError(ValueError):
    """An id that is not, or not any more, one of ours; ``reason`` is ``malformed`` or ``forged``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Origin:
    """What all ids of a revision have in common.

    ``scale`` is the unit in which its errors are binned; ``layout`` identifies the slices, of which there
    are ``slices``.
    """

    revision: str
    kind: Kind
    scale: float = 1.0
    layout: int = 0
    slices: int = 0


@dataclass(frozen=True)
class PredictionRecord:
    """A read id: ``values`` of shape [rows], CRC-32s or numbers; ``slices`` of shape [slices, rows]."""

    origin: Origin
    issued: int
    number: int
    values: NDArray[Any]
    slices: NDArray[np.uint8]


class PredictionKey:
    """The secret that ids are authenticated with: keyed BLAKE2b with 128 bits, of its own for each model."""

    def __init__(self, secret: bytes, model: str) -> None:
        own = blake2b(model.encode(), key=blake2b(secret).digest(), person=b"holdfast-ids", digest_size=32)
        self._mac = blake2b(key=own.digest(), digest_size=_MAC_BYTES)

    def seal(self, content: bytes) -> str:
        """Return the content with its code, as URL-safe base64 without padding."""
        mac = self._mac.copy()
        mac.update(content)
        text = b2a_base64(content + mac.digest(), newline=False)
        return text.translate(_TO_URL).rstrip(b"=").decode()

    def open(self, text: str) -> bytes:
        """Return the content of a sealed text.

        Raises:
            IdError: it is not base64 as it was issued, or its code is not of this key.
        """
        sealed = _decoded(text)
        content, code = sealed[:-_MAC_BYTES], sealed[-_MAC_BYTES:]
        mac = self._mac.copy()
        mac.update(content)
        if not hmac.compare_digest(mac.digest(), code):
            raise IdError("forged", "the id was not issued for this model with this key")
        return content


def head_of(origin: Origin) -> bytes:
    """Return the first part of every id of a revision."""
    revision = origin.revision.encode()
    sizes = (origin.slices, len(revision))
    return _FIXED.pack(_VERSION, origin.kind.encode(), origin.scale, origin.layout, *sizes) + revision


def content_of(head: bytes, stamp: tuple[int, int, int], values: bytes, slices: bytes) -> bytes:
    """Return what an id says; ``stamp`` is the time, the rows and the number of the answer."""
    return b"".join((head, _VARIABLE.pack(*stamp), values, slices))


def read_content(content: bytes) -> PredictionRecord:
    """Return what the content of an id says.

    Raises:
        IdError: it has another form, which only another version of this program can have issued.
    """
    try:
        version, kind, scale, layout, slices, length = _FIXED.unpack_from(content)
        start = _FIXED.size + length
        revision = content[_FIXED.size : start].decode()
        issued, rows, number = _VARIABLE.unpack_from(content, start)
        origin = Origin(revision, Kind(kind.decode()), scale, layout, slices)
        values = np.frombuffer(content, _DTYPES[origin.kind], rows, start + _VARIABLE.size)
        bins = np.frombuffer(content, np.uint8, offset=start + _VARIABLE.size + values.nbytes)
        known = version == _VERSION and slices <= MAX_SLICES and rows <= MAX_ROWS
        if not known:
            raise ValueError(version)
        return PredictionRecord(origin, issued, number, values, bins.reshape(slices, rows))
    except (struct.error, ValueError) as error:
        raise IdError("malformed", "the id is of a form that this server does not know") from error


def _decoded(text: str) -> bytes:
    if len(text) > MAX_ID_LENGTH:
        raise IdError("malformed", f"a prediction id has at most {MAX_ID_LENGTH} characters")
    try:
        raw = text.encode("ascii")
        sealed = a2b_base64(raw.translate(_FROM_URL) + b"=" * (-len(raw) % 4))
    except ValueError:  # of which binascii.Error and UnicodeEncodeError are kinds
        sealed = b""
    # Another text that decodes to the same bytes is refused: an id has one spelling.
    canonical = b2a_base64(sealed, newline=False).translate(_TO_URL).rstrip(b"=").decode()
    if canonical != text or len(sealed) < _MAC_BYTES + _FIXED.size:
        raise IdError("malformed", "this is not a prediction id")
    return sealed
