"""What every transport shares: check a request against the model's signature, run it, count it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from holdfast.results import TensorSignature
from holdfast.signature import DTYPES, Signature
from holdfast_serving.feedback.inbox import FeedbackInbox
from holdfast_serving.inference.batch_proof import BatchPlan
from holdfast_serving.inference.batching import Job, Outcome
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.execution import DeadlineError, Execution
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.request_metrics import Telemetry

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class InferenceRequest:
    """Input tensors by name, the outputs asked for (None: all) and the caller's id."""

    inputs: dict[str, Tensor]
    outputs: Sequence[str] | None = None
    id: str | None = None
    is_copy: bool = False
    """Whether it is answered for comparison only: not copied again, captured or given a prediction id."""
    prediction_id: str | None = None
    """What its answer will say; set before observers see the request."""


@dataclass(slots=True)
class InferenceResponse:
    """Output tensors in the order asked for, the caller's id, and the id that labels may come back with."""

    outputs: list[tuple[TensorSignature, Tensor]]
    id: str | None = None
    prediction_id: str | None = None


Done = Callable[[InferenceResponse | RequestError], None]
"""Takes the answer, exactly once, on the event loop's thread; at once or later."""


UNBATCHED: Final = BatchPlan(0, "off")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many requests may be unanswered, and for how many seconds."""

    max_in_flight: int = 512
    request_seconds: float = 60


class Observer(Protocol):
    """Sees every answered request before its answer goes out."""

    def record(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> None:
        """Keep what is needed of an answered request and all its ``outputs``; must be cheap and never raise.

        Tensors are not changed afterwards.
        """
        ...


class PredictionIds(Protocol):
    """Gives answers the ids that feedback refers to."""

    def issue(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> str | None:
        """Return the id of an answered request; None when there can be none."""
        ...


class DataPlane:
    """One warm model and who observes it; knows nothing of HTTP or JSON. Lives on the event loop's thread."""

    def __init__(
        self,
        runtime: Runtime,
        telemetry: Telemetry,
        profile: bytes | None = None,
        plan: BatchPlan = UNBATCHED,
        bounds: Bounds | None = None,
    ) -> None:
        self.profile = profile
        """Content of the package's profile.json."""
        self.observers: list[Observer] = []
        self.prediction_ids: PredictionIds | None = None
        self.inbox: FeedbackInbox | None = None
        """Takes labels for those ids."""
        self.background: list[Callable[[], Awaitable[None]]] = []
        """What runs beside the requests for as long as the server does."""
        self.model: Final[Signature] = runtime.signature
        self.datatypes: Final = {each.name: each.datatype for each in runtime.signature.inputs}
        """Datatypes of the inputs by name."""
        self._bounds = bounds or Bounds()
        self._in_flight = 0
        self._in_flight_gauge = telemetry.in_flight
        self._execution = Execution(runtime, plan, self._bounds.request_seconds, telemetry.count_inference)
        self._inputs = {each.name: _Expected(each) for each in runtime.signature.inputs}
        self._outputs = {each.name: each for each in runtime.signature.outputs}

    def signature(self) -> dict[str, Any]:
        """Return inputs and outputs as the protocol's metadata lists them, with the classes of columns."""
        outputs = [each.model_dump() for each in self.model.outputs]
        for output in outputs:
            if output["name"] in self.model.classes:
                output["parameters"] = {"classes": self.model.classes[output["name"]]}
        return {"inputs": [each.model_dump() for each in self.model.inputs], "outputs": outputs}

    def execution(self) -> dict[str, Any]:
        """Return how requests run: where, and in which batches and why."""
        return self._execution.describe()

    def require_room(self) -> None:
        """Shed load before it costs anything, when as many requests are unanswered as may be.

        Raises:
            RequestError: 503.
        """
        if self._in_flight >= self._bounds.max_in_flight:
            raise RequestError("too many requests wait for an answer here; try again", 503)

    def submit(self, request: InferenceRequest, done: Done) -> None:
        """Answer a request through ``done``, with a RequestError when it cannot be answered.

        400: an input or output is unknown, missing or of the wrong datatype or shape. 500: the model fails
        although the request is right. 503: too many requests wait. 504: it was not answered in time.
        """
        try:
            self.require_room()
            self._check(request)
        except RequestError as error:
            done(error)
            return
        self._in_flight += 1
        self._in_flight_gauge.set(self._in_flight)
        inputs = request.inputs
        self._execution.submit(Job(inputs, _rows(inputs), partial(self._finish, request, done)))

    async def infer(self, request: InferenceRequest) -> InferenceResponse:
        """Answer a request.

        Raises:
            RequestError: as ``submit`` gives it.
        """
        answered: asyncio.Future[InferenceResponse] = asyncio.get_running_loop().create_future()

        def done(answer: InferenceResponse | RequestError) -> None:
            if answered.done():  # who asked has gone
                return
            if isinstance(answer, RequestError):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)

        self.submit(request, done)
        return await answered

    async def run_background(self) -> None:
        """Run what runs beside the requests, for as long as the server does."""
        async with asyncio.TaskGroup() as group:
            for work in self.background:
                group.create_task(_awaited(work))

    def _finish(self, request: InferenceRequest, done: Done, outcome: Outcome) -> None:
        self._in_flight -= 1
        self._in_flight_gauge.set(self._in_flight)
        try:
            answer = self._answer(request, outcome)
        except Exception:  # others of the batch wait behind this one, and its client waits for an answer
            logger.exception("a request failed")
            answer = RequestError("internal error", 500)
        done(answer)

    def _answer(self, request: InferenceRequest, outcome: Outcome) -> InferenceResponse | RequestError:
        if isinstance(outcome, Exception):
            return _refusal(request.inputs, outcome)
        ids = self.prediction_ids
        if ids is not None and not request.is_copy:
            request.prediction_id = ids.issue(request, outcome)
        for observer in self.observers:
            observer.record(request, outcome)
        names = self._outputs if request.outputs is None else request.outputs
        return InferenceResponse(
            [(self._outputs[name], outcome[name]) for name in names],
            request.id,
            request.prediction_id,
        )

    def _check(self, request: InferenceRequest) -> None:
        inputs = request.inputs
        for name, tensor in inputs.items():
            expected = self._inputs.get(name)
            if expected is None:
                raise RequestError(f"the model has no input '{name}'; it takes {_quoted(self._inputs)}")
            expected.check(tensor)
        if len(inputs) < len(self._inputs):
            missing = [name for name in self._inputs if name not in inputs]
            raise RequestError(f"missing input {_quoted(missing)}")
        for name in request.outputs or ():
            if name not in self._outputs:
                raise RequestError(f"the model has no output '{name}'; it gives {_quoted(self._outputs)}")


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


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


def _refusal(inputs: dict[str, Tensor], error: Exception) -> RequestError:
    """Return whose fault a failed run is, as far as the shapes tell; the reason is for the log only."""
    if isinstance(error, DeadlineError):
        return RequestError("the model did not answer in time", 504)
    logger.warning("%s", error)
    rows = {name: tensor.shape[0] for name, tensor in inputs.items() if tensor.ndim}
    if len(set(rows.values())) > 1:
        return RequestError(f"the model cannot combine inputs of so many rows: {rows}")
    return RequestError("the model failed on this input", 500)


def _quoted(names: "Sequence[str] | dict[str, Any]") -> str:
    return ", ".join(f"'{name}'" for name in names)
