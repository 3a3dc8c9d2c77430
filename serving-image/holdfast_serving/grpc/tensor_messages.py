"""Tensors in gRPC messages <-> NumPy arrays: in typed fields here, as raw bytes by ``raw_tensors``."""

from typing import Any, Final

import numpy as np

from holdfast.signature import DTYPES
from holdfast_serving.grpc.open_inference_grpc_pb2 import InferTensorContents
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor, element_count

FIELDS: Final = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
"""Where typed contents are; the protocol has no field for FP16 and BF16."""


def tensor_from_contents(contents: InferTensorContents, datatype: str, shape: list[int]) -> Tensor:
    """Return the tensor whose row-major elements are in the field of its datatype.

    Raises:
        RequestError: they are in another field, do not fit the datatype, or do not fill the shape.
    """
    count = element_count(shape)
    elements = _elements(contents, datatype)
    if len(elements) != count:
        raise RequestError(f"{len(elements)} elements do not fill shape {shape}")
    if datatype == "BYTES":
        return _texts(elements).reshape(shape)
    return _narrowed(np.asarray(elements), datatype).reshape(shape)


def tensor_to_contents(tensor: Tensor, datatype: str) -> InferTensorContents:
    """Return the elements, row-major, in the field of their datatype, which must not be FP16 or BF16."""
    elements = tensor.ravel().tolist()
    if datatype == "BYTES":
        elements = [text.encode() for text in elements]
    contents = InferTensorContents()
    getattr(contents, FIELDS[datatype]).extend(elements)
    return contents


def _elements(contents: InferTensorContents, datatype: str) -> Any:
    field = FIELDS.get(datatype)
    if field is None:
        raise RequestError(f"{datatype} must be given in 'raw_input_contents'")
    for descriptor, _ in contents.ListFields():
        if descriptor.name != field:
            raise RequestError(f"{datatype} elements must be in '{field}', not in '{descriptor.name}'")
    return getattr(contents, field)


def _narrowed(elements: Tensor, datatype: str) -> Tensor:
    """Return the elements as their datatype, which may be narrower than the field that they came in."""
    dtype = DTYPES[datatype]
    if elements.dtype == dtype or not elements.size:
        return elements.astype(dtype, copy=False)
    bounds = np.iinfo(dtype)
    if elements.min() < bounds.min or elements.max() > bounds.max:
        raise RequestError(f"an element is not a value of {datatype}")
    return elements.astype(dtype)


def _texts(elements: Any) -> Tensor:
    texts: Tensor = np.empty(len(elements), np.object_)
    try:
        texts[:] = [element.decode() for element in elements]
    except UnicodeDecodeError:
        raise RequestError("an element is not UTF-8; BYTES tensors are texts here") from None
    return texts
