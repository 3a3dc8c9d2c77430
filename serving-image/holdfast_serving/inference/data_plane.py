"""What every transport shares: check a request against the model's signature, run it, count it."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from holdfast.failures import ModelError
from holdfast.results import TensorSignature
from holdfast.signature import DTYPES
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.feature_counters import FeatureCounters
from holdfast_serving.telemetry.request_metrics import Telemetry

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class InferenceRequest:
    """Input tensors by name, the outputs asked for (None: all) and the caller's id."""

    inputs: dict[str, Tensor]
    outputs: Sequence[str] | None = None
    id: str | None = None


@dataclass(slots=True)
class InferenceResponse:
    """Output tensors in the order asked for, and the caller's id."""

    outputs: list[tuple[TensorSignature, Tensor]]
    id: str | None = None


class DataPlane:
    """One warm model and what is counted about it; knows nothing of HTTP or JSON."""

    def __init__(
        self,
        runtime: Runtime,
        telemetry: Telemetry,
        counters: FeatureCounters | None,
        profile: bytes | None,
    ) -> None:
        self.profile = profile
        """Content of the package's profile.json."""
        self._runtime = runtime
        self._telemetry = telemetry
        self._counters = counters
        self._inputs = {each.name: _Expected(each) for each in runtime.signature.inputs}
        self._outputs = {each.name: each for each in runtime.signature.outputs}
        self._pool = ThreadPoolExecutor(runtime.threads, thread_name_prefix="inference")

    def signature(self) -> dict[str, Any]:
        """Return inputs and outputs as the protocol's metadata lists them."""
        return {
            "inputs": [each.model_dump() for each in self._runtime.signature.inputs],
            "outputs": [each.model_dump() for each in self._runtime.signature.outputs],
        }

    async def infer(self, request: InferenceRequest) -> InferenceResponse:
        """Answer a request.

        Raises:
            RequestError: an input or output is unknown, missing or of the wrong datatype or shape; 500 when
                the model fails although the request is right.
        """
        self._check(request.inputs)
        names = self._outputs if request.outputs is None else self._known(request.outputs)
        outputs = await self._run(request.inputs)
        if self._counters is not None:
            self._counters.record(request.inputs, outputs)
            if self._counters.is_full:
                await self._counters.flush()
        return InferenceResponse([(self._outputs[name], outputs[name]) for name in names], request.id)

    async def run_background(self) -> None:
        """Count features and predictions for as long as the server runs."""
        if self._counters is not None:
            await self._counters.run()

    def _check(self, inputs: dict[str, Tensor]) -> None:
        for name, tensor in inputs.items():
            expected = self._inputs.get(name)
            if expected is None:
                raise RequestError(f"the model has no input '{name}'; it takes {_quoted(self._inputs)}")
            expected.check(tensor)
        if len(inputs) < len(self._inputs):
            missing = [name for name in self._inputs if name not in inputs]
            raise RequestError(f"missing input {_quoted(missing)}")

    def _known(self, names: Sequence[str]) -> Sequence[str]:
        for name in names:
            if name not in self._outputs:
                raise RequestError(f"the model has no output '{name}'; it gives {_quoted(self._outputs)}")
        return names

    async def _run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        try:
            if _rows(inputs) <= self._runtime.inline_rows:
                outputs, seconds = self._runtime.run_timed(inputs)
            else:
                loop = asyncio.get_running_loop()
                outputs, seconds = await loop.run_in_executor(self._pool, self._runtime.run_timed, inputs)
        except ModelError as error:
            logger.warning("%s", error)
            raise _refusal(inputs) from None
        self._telemetry.count_inference(seconds)
        return outputs


class _Expected:
    """What an input tensor must be."""

    def __init__(self, signature: TensorSignature) -> None:
        self._signature = signature
        self._dtype = DTYPES[signature.datatype]
        self._rank = len(signature.shape)
        self._fixed = [(axis, length) for axis, length in enumerate(signature.shape) if length >= 0]

    def check(self, tensor: Tensor) -> None:
        """Refuse a tensor of another datatype or shape; a plain loop, since this runs with every request."""
        if tensor.dtype != self._dtype:
            raise RequestError(f"input '{self._signature.name}' must be {self._signature.datatype}")
        shape = tensor.shape
        fits = len(shape) == self._rank
        if fits:
            for axis, length in self._fixed:
                if shape[axis] != length:
                    fits = False
        if not fits:
            wanted = self._signature.shape
            raise RequestError(
                f"input '{self._signature.name}' has shape {list(shape)}; the model takes {wanted} (-1: any)"
            )


def _rows(inputs: dict[str, Tensor]) -> int:
    for tensor in inputs.values():
        return tensor.shape[0] if tensor.ndim else 1
    return 1


def _refusal(inputs: dict[str, Tensor]) -> RequestError:
    """Return whose fault a failed run is, as far as the shapes tell."""
    rows = {name: tensor.shape[0] for name, tensor in inputs.items() if tensor.ndim}
    if len(set(rows.values())) > 1:
        return RequestError(f"the model cannot combine inputs of so many rows: {rows}")
    return RequestError("the model failed on this input", 500)


def _quoted(names: "Sequence[str] | dict[str, Any]") -> str:
    return ", ".join(f"'{name}'" for name in names)
