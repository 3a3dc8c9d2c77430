"""How many parts a message may have, counted on the wire before any object is made of them.

An empty tensor is 2 bytes on the wire and about 80 in memory: 16 MiB of them take 670 MiB and seconds.
"""

from itertools import islice
from typing import Final

from holdfast.protobuf import Field, MalformedError, fields
from holdfast_serving.grpc.open_inference_grpc_pb2 import ModelInferRequest
from holdfast_serving.inference.errors import RequestError

SMALL_BYTES: Final = 64 * 1024
"""A message up to this size is not looked at: whatever it holds takes less than 4 MiB."""
MAX_PARTS: Final = 512
"""Fields of a request, or of one of its inputs: 16 inputs and outputs, raw contents and many parameters."""


def require_few_parts(message: bytes) -> None:
    """Refuse a large ModelInferRequest of very many fields; elements of tensors do not count.

    Raises:
        RequestError: it has more, or is no message.
    """
    if len(message) <= SMALL_BYTES:
        return
    data = memoryview(message)
    try:
        for part in _few(data, 0, len(data)):
            if part.number == ModelInferRequest.INPUTS_FIELD_NUMBER:
                _few(data, part.start, part.end)
    except MalformedError:
        raise RequestError("the message is not a ModelInferRequest") from None


def _few(data: memoryview, start: int, end: int) -> list[Field]:
    found = list(islice(fields(data, start, end), MAX_PARTS + 1))
    if len(found) > MAX_PARTS:
        raise RequestError(f"the message has more than {MAX_PARTS} parts")
    return found
