"""Sessions of ONNX Runtime; the only module that imports onnxruntime, so that its telemetry is always off.

Run ``onnx_file.check_onnx_file`` on models that you did not make before you open them here.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from ctypes import string_at
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np

# Official builds send events to their vendor; must be set before the library starts (its Privacy.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from holdfast.accelerators import accelerators, failed_to_start, require_in_use, runtime_providers
from holdfast.bfloat16 import BITS
from holdfast.failures import ModelError
from holdfast.opsets import describe_unsupported
from holdfast.results import ModelFailureReason, TensorSignature
from holdfast.served_graph import ServedGraph, serve_tensors
from holdfast.signature import ANY, Signature, require_served, typical_inputs

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
    "bfloat16": "BF16",
    "string": "BYTES",
}
_BFLOAT16_ELEMENT: Final = 16
"""TensorProto.DataType."""
ERRORS_ONLY: Final = 3

Array = np.ndarray[Any, Any]
Tensors = Mapping[str, Array]


class Session:
    """A loaded model: ``signature``, and ``run`` from input tensors to output tensors by name.

    Outputs that are sequences or maps in the file are tensors here, see ``served_graph``. BF16 tensors are
    bit patterns, see ``bfloat16``.
    """

    def __init__(self, runtime: Any, served: ServedGraph | None = None) -> None:
        self._runtime = runtime
        inputs = tuple(_tensor(each) for each in runtime.get_inputs())
        outputs = {each.name: each for each in map(_tensor, runtime.get_outputs())}
        fetched = dict(served.fetched) if served else {}
        served_names = served.outputs if served else tuple(outputs)
        self._fetched = {name: fetched.get(name, name) for name in served_names}
        self._names = list(self._fetched.values())
        self._run = self._choose_run(inputs, tuple(outputs.values()))
        classes = served.classes if served else {}
        self.signature = Signature(inputs, self._outputs(inputs, outputs, classes), classes)
        require_served(self.signature)

    @classmethod
    def open(
        cls, model: Path | bytes, threads: int | None = None, providers: Sequence[str] = ("CPU",)
    ) -> "Session":
        """Load a model, with ``threads`` intra-op threads on the CPU (default: one per physical core).

        ``providers`` are CPU, CUDA and TensorRT in order of preference; the CPU runs what others cannot.

        Raises:
            ModelError: NotONNX when it cannot be loaded; CheckFailed when its tensors cannot be served;
                AcceleratorUnavailable when a provider is missing or finds no device.
        """
        names = runtime_providers(providers, onnxruntime.get_available_providers())
        served = serve_tensors(model)
        source = served.model if served else model
        if not accelerators(providers):
            return cls(_load(source, threads, names), served)
        onnxruntime.preload_dlls()  # the libraries of NVIDIA's own wheels, where they are installed
        try:
            runtime = _load(source, threads, names)
        except ModelError as error:
            # The model is to blame only if the CPU cannot load it either.
            _load(source, threads, runtime_providers(("CPU",), names))
            raise failed_to_start(providers, error.message) from None
        require_in_use(providers, runtime.get_providers())
        return cls(runtime, served)

    @property
    def providers(self) -> tuple[str, ...]:
        """ONNX Runtime's names of the execution providers in use, the preferred one first."""
        return tuple(self._runtime.get_providers())

    def run(self, inputs: Tensors, outputs: Sequence[str] | None = None) -> dict[str, Array]:
        """Return the output tensors (all, or those named) for the input tensors.

        Raises:
            ModelError: CheckFailed when the model fails on these inputs.
        """
        fetched = self._names if outputs is None else [self._fetched[name] for name in outputs]
        try:
            values = self._run(fetched, dict(inputs))
        except Exception as error:  # noqa: BLE001 - its errors share no other base class
            message = f"the model's inference failed: {_terse(error)}"
            raise ModelError(ModelFailureReason.CHECK_FAILED, message) from None
        return dict(zip(self._fetched if outputs is None else outputs, values, strict=True))

    def _choose_run(
        self, inputs: Sequence[TensorSignature], outputs: Sequence[TensorSignature]
    ) -> Callable[[list[str], dict[str, Array]], Sequence[Array]]:
        """Return the quick way, unless there are BF16 tensors, which ONNX Runtime cannot give to NumPy."""
        if all(each.datatype != "BF16" for each in (*inputs, *outputs)):
            run: Callable[[list[str], dict[str, Array]], Sequence[Array]] = self._runtime.run
            return run
        if any(each.datatype == "BYTES" for each in inputs):
            message = "ONNX Runtime's Python interface runs no model with both BF16 tensors and text inputs"
            raise ModelError(ModelFailureReason.CHECK_FAILED, message)
        return partial(_run_values, self._runtime, {each.name for each in inputs if each.datatype == "BF16"})

    def _outputs(
        self,
        inputs: tuple[TensorSignature, ...],
        known: Mapping[str, TensorSignature],
        classes: Mapping[str, tuple[int | str, ...]],
    ) -> tuple[TensorSignature, ...]:
        """Return the outputs under their own names; ONNX Runtime knows no shape of stacked sequences."""
        found = []
        for name, fetched in self._fetched.items():
            output = known[fetched]
            shape = output.shape
            if name in classes:
                shape = [ANY, len(classes[name])]
            elif name != fetched and not shape:
                row = self.run(typical_inputs(Signature(inputs, ())), [name])[name]
                shape = [ANY] * row.ndim
            found.append(output.model_copy(update={"name": name, "shape": shape}))
        return tuple(found)


def _load(model: Path | bytes, threads: int | None, providers: list[str]) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.inter_op_num_threads = 1
    if threads is not None:
        options.intra_op_num_threads = threads
    # Idle threads sleep: spinning ones would burn the CPU limit of a pod between requests.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    try:
        # Without fallback: it would go on with the CPU when an accelerator fails, and say so on stdout only.
        return onnxruntime.InferenceSession(source, options, providers=providers, enable_fallback=False)
    except Exception as error:  # noqa: BLE001 - its errors share no other base class
        message = f"ONNX Runtime cannot load the model: {describe_unsupported(model) or _terse(error)}"
        raise ModelError(ModelFailureReason.NOT_ONNX, message) from None


def _run_values(runtime: Any, bfloat16: set[str], names: list[str], inputs: dict[str, Array]) -> list[Array]:
    """Run by way of OrtValues, which look at the memory of ``inputs`` and must not outlive it."""
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in inputs.items()}
    values = {
        name: onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(tensor, _BFLOAT16_ELEMENT)
        if name in bfloat16
        else onnxruntime.OrtValue.ortvalue_from_numpy(tensor)
        for name, tensor in tensors.items()
    }
    return [_array(value) for value in runtime.run_with_ort_values(names, values)]


def _array(value: Any) -> Array:
    if value.data_type() != "tensor(bfloat16)":
        array: Array = value.numpy()
        return array
    shape = value.shape()
    copied = string_at(value.data_ptr(), BITS.itemsize * prod(shape))  # the memory goes with the value
    return np.frombuffer(copied, dtype=BITS).reshape(shape)


def _tensor(node: Any) -> TensorSignature:
    matched = re.fullmatch(r"tensor\((\w+)\)", node.type)
    datatype = _DATATYPES.get(matched.group(1)) if matched else None
    if datatype is None:
        message = f"{node.name[:128]!r} is a {node.type}, which the Open Inference Protocol has not"
        raise ModelError(ModelFailureReason.CHECK_FAILED, f"{message}; convert the model with tensors")
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
