"""Sessions of ONNX Runtime; the only module that imports onnxruntime, so that its telemetry is always off.

Run ``onnx_file.check_onnx_file`` on models that you did not make before you open them here.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

# Official builds send events to their vendor; must be set before the library starts (its Privacy.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason, TensorSignature
from holdfast.signature import ANY, DTYPES, Signature, require_served

onnxruntime.disable_telemetry_events()

_DATATYPES: Final = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
}
ERRORS_ONLY: Final = 3

Tensors = Mapping[str, np.ndarray[Any, Any]]


class Session:
    """A loaded model: ``signature``, and ``run`` from input tensors to output tensors by name.

    ``runtime`` is the ``onnxruntime.InferenceSession`` itself, for callers that need its other methods.
    """

    def __init__(self, runtime: Any) -> None:
        self.runtime = runtime
        self.signature = _signature(runtime)

    @classmethod
    def open(cls, model: Path | bytes, threads: int | None = None) -> "Session":
        """Load a model for the CPU, with ``threads`` intra-op threads (default: one per physical core).

        Raises:
            ModelError: NotONNX when it cannot be loaded; CheckFailed when its tensors cannot be served.
        """
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.inter_op_num_threads = 1
        if threads is not None:
            options.intra_op_num_threads = threads
        # Idle threads sleep: spinning ones would burn the CPU limit of a pod between requests.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        try:
            runtime = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - its errors share no other base class
            message = f"ONNX Runtime cannot load the model: {_terse(error)}"
            raise ModelError(ModelFailureReason.NOT_ONNX, message) from None
        return cls(runtime)

    def run(self, inputs: Tensors, outputs: Sequence[str] | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """Return the output tensors (all, or those named) for the input tensors.

        Raises:
            ModelError: CheckFailed when the model fails on these inputs.
        """
        names = list(outputs) if outputs is not None else self.signature.output_names
        try:
            values = self.runtime.run(names, dict(inputs))
        except Exception as error:  # noqa: BLE001 - its errors share no other base class
            message = f"the model's inference failed: {_terse(error)}"
            raise ModelError(ModelFailureReason.CHECK_FAILED, message) from None
        return dict(zip(names, values, strict=True))


def _signature(runtime: Any) -> Signature:
    signature = Signature(
        inputs=tuple(_tensor(each) for each in runtime.get_inputs()),
        outputs=tuple(_tensor(each) for each in runtime.get_outputs()),
    )
    require_served(signature)
    return signature


def _tensor(node: Any) -> TensorSignature:
    matched = re.fullmatch(r"tensor\((\w+)\)", node.type)
    datatype = _DATATYPES.get(matched.group(1)) if matched else None
    if datatype is None or datatype not in DTYPES:
        hint = "; convert with zipmap=False" if "map(" in node.type else ""
        message = f"{node.name[:128]!r} is a {node.type}, which the Open Inference Protocol has not{hint}"
        raise ModelError(ModelFailureReason.CHECK_FAILED, message)
    if not 0 < len(node.name) <= 128:
        raise ModelError(ModelFailureReason.CHECK_FAILED, f"the name {node.name[:40]!r}… is longer than 128")
    return TensorSignature(name=node.name, datatype=datatype, shape=[_size(each) for each in node.shape])


def _size(dimension: object) -> int:
    return dimension if isinstance(dimension, int) and dimension >= 0 else ANY


def _terse(error: Exception) -> str:
    """Return the error without paths of the build machine and of this one, on one line."""
    text = re.sub(r"\s+", " ", str(error))
    text = re.sub(r"/\S+/", "", text)
    return text[:400]
