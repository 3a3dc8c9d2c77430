"""The protobuf wire format: reads the fields of a message in place, without copying, and writes some.

Why not the ``onnx`` package: it builds the whole model as Python objects from untrusted bytes before anything
can be refused, had three bypasses of its external-data checks in four years, and adds 20 MB to the images.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_FIXED: Final = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BYTES: Final = 10
_KEY_BITS: Final = 32
"""Other readers cut a longer key off, and would see another field than this one."""


class MalformedError(ValueError):
    """The bytes are no protobuf message."""


class Field(NamedTuple):
    """One field: its number, and either a ``value`` or the place of its bytes (``start`` to ``end``)."""

    number: int
    wire: int
    value: int
    start: int
    end: int


def fields(
    data: memoryview, start: int, end: int, skipped: re.Pattern[bytes] | None = None
) -> Iterator[Field]:
    """Yield the fields of the message that lies in ``data[start:end]``, in the order written.

    Runs of whole fields that ``skipped`` matches are passed over: a tree ensemble has millions of numbers,
    each a field.

    Raises:
        MalformedError: a field is cut off, has number 0 or is of a kind that proto2 and proto3 files do not
        use.
    """
    position = start
    while position < end:
        if skipped is not None and (run := skipped.match(data, position, end)) is not None:
            position = run.end()
            continue
        each = _field(data, position, end)
        yield each
        position = each.end


def _field(data: memoryview, position: int, end: int) -> Field:
    key = data[position]
    if key < 0x80:
        position += 1
    else:
        key, position = _varint(data, position, end)
    number, wire = key >> 3, key & 7
    if number == 0 or key >> _KEY_BITS:
        raise MalformedError(f"field number {number}")
    if wire == VARINT:
        value, position = _varint(data, position, end)
        return Field(number, wire, value, position, position)
    length, position = _length(data, wire, position, end)
    if length > end - position:
        raise MalformedError("a field is cut off")
    return Field(number, wire, 0, position, position + length)


def _length(data: memoryview, wire: int, position: int, end: int) -> tuple[int, int]:
    if wire == BYTES:
        return _varint(data, position, end)
    if wire not in _FIXED:
        raise MalformedError(f"wire type {wire}")
    return _FIXED[wire], position


def _varint(data: memoryview, position: int, end: int) -> tuple[int, int]:
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        if position + count >= end:
            raise MalformedError("a number is cut off")
        byte = data[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise MalformedError("a number is longer than 10 bytes")


def signed_numbers(data: memoryview, place: Field) -> list[int]:
    """Return the numbers of one field of a ``repeated int64``, packed or not.

    Raises:
        MalformedError: a packed number is cut off.
    """
    if place.wire == VARINT:
        return [_signed(place.value)]
    numbers, position = [], place.start
    while position < place.end:
        value, position = _varint(data, position, place.end)
        numbers.append(_signed(value))
    return numbers


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def bytes_field(number: int, content: bytes) -> bytes:
    """Return the field that holds ``content``: bytes, a text or a message."""
    return _written_varint(number << 3 | BYTES) + _written_varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    """Return the field that holds a number that is not negative."""
    return _written_varint(number << 3 | VARINT) + _written_varint(value)


def _written_varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
