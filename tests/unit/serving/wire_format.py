"""Protobuf fields as bytes, for messages that no library would write."""


def varint(value: int) -> bytes:
    """Return a number in groups of seven bits."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def text(number: int, content: bytes) -> bytes:
    """Return a field of bytes: a text, or a message."""
    return key(number, 2) + varint(len(content)) + content


def integer(number: int, value: int) -> bytes:
    """Return a field that is a number."""
    return key(number, 0) + varint(value)


def key(number: int, wire: int) -> bytes:
    """Return what a field begins with."""
    return varint(number << 3 | wire)


def long_key(number: int, wire: int) -> bytes:
    """Return a key whose 33rd bit other readers drop, so that they see the field of this number."""
    return varint(1 << 32 | number << 3 | wire)
