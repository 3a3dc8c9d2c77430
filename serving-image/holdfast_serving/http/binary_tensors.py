"""The binary tensor extension: raw tensors behind the JSON object of a V2 request or answer.

Source: extension_binary_data.md of the Triton Inference Server's protocol documents.
"""

from typing import Any, Final

from holdfast.signature import ANY, DTYPES, Signature
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.raw_tensors import tensor_from_bytes

OCTET_STREAM: Final = b"application/octet-stream"


class RawSection:
    """The bytes after the JSON object, handed out in the order of the tensors."""

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        self._taken = 0

    def take(self, size: Any) -> memoryview:
        """Return the next ``size`` bytes.

        Raises:
            RequestError: the size is not one, or there are not so many bytes left.
        """
        if type(size) is not int or size < 0:
            raise RequestError("'binary_data_size' must be a non-negative integer")
        end = self._taken + size
        if end > len(self._raw):
            left = len(self._raw) - self._taken
            raise RequestError(f"'binary_data_size' is {size}, but {left} bytes follow")
        taken = self._raw[self._taken : end]
        self._taken = end
        return taken

    def require_spent(self) -> None:
        """Refuse bytes that belong to no tensor.

        Raises:
            RequestError: there are any.
        """
        left = len(self._raw) - self._taken
        if left:
            raise RequestError(f"{left} bytes at the end belong to no input")


NOTHING: Final = RawSection(memoryview(b""))


def split_body(body: bytes, json_length: bytes) -> tuple[memoryview, RawSection]:
    """Return the JSON object and what follows it.

    Raises:
        RequestError: the length is not one of this body.
    """
    if not json_length.isdigit() or len(json_length) > len(str(len(body))) or int(json_length) > len(body):
        raise RequestError("'Inference-Header-Content-Length' must be a length within the body")
    whole, length = memoryview(body), int(json_length)
    return whole[:length], RawSection(whole[length:])


def whole_body_request(body: bytes, signature: Signature) -> InferenceRequest:
    """Return the request of a body that is nothing but the elements of the model's only input (length 0).

    Raises:
        RequestError: the model has several inputs, or one whose shape the body does not decide.
    """
    first, *others = signature.inputs
    free = [axis for axis, length in enumerate(first.shape) if length == ANY]
    if others or first.datatype == "BYTES" or len(free) > 1:
        raise RequestError("a body without JSON needs a model of one input with one variable dimension")
    shape = list(first.shape)
    if free:
        shape[free[0]] = 1
        row = DTYPES[first.datatype].itemsize
        for length in shape:
            row *= length
        shape[free[0]] = len(body) // max(row, 1)
    return InferenceRequest({first.name: tensor_from_bytes(body, first.datatype, shape)})
