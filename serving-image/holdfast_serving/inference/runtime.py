"""A loaded model that has answered a real inference, and what was learnt from timing it."""

import logging
from statistics import median
from time import perf_counter
from typing import Final, Self

import numpy as np

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.profile import Profile
from holdfast.signature import ANY, Signature, typical_inputs
from holdfast_serving.inference.tensors import Tensor

logger = logging.getLogger(__name__)

INLINE_SECONDS: Final = 0.001
"""Runs expected to be shorter stay on the event loop: a hand-over to a thread costs a third of a tiny model's
throughput. Longer ones would keep other clients and health checks waiting."""
TIMED_RUNS: Final = 7
TIMED_ROWS: Final = 64


class Runtime:
    """One model with ``threads`` ONNX Runtime threads; requests of up to ``inline_rows`` rows are quick."""

    def __init__(self, session: Session, threads: int, inline_rows: int) -> None:
        self.signature: Final[Signature] = session.signature
        self.threads: Final = threads
        self.inline_rows: Final = inline_rows
        self._session = session

    @classmethod
    def warm(cls, session: Session, threads: int, profile: Profile | None = None) -> Self:
        """Run typical rows, and decide from their times which requests may run on the event loop.

        Raises:
            ModelError: CheckFailed when the model does not answer a typical row.
        """
        try:
            inline_rows = _inline_rows(session, typical_inputs(session.signature, profile))
        except ModelError as error:
            hint = "" if profile else " (on zeros and empty texts; a profile would give a typical row)"
            raise ModelError(error.reason, error.message + hint) from None
        logger.info("warm; requests of up to %d rows run on the event loop, others in a thread", inline_rows)
        return cls(session, threads, inline_rows)

    def run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the outputs by name.

        Raises:
            ModelError: CheckFailed when the model fails on these inputs.
        """
        return self._session.run(inputs)

    def run_timed(self, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], float]:
        """Return the outputs by name and the seconds that the run took.

        Raises:
            ModelError: CheckFailed when the model fails on these inputs.
        """
        started = perf_counter()
        outputs = self._session.run(inputs)
        return outputs, perf_counter() - started


def _inline_rows(session: Session, row: dict[str, Tensor]) -> int:
    one = _seconds(session, row)
    if one >= INLINE_SECONDS:
        return 0
    if any(tensor.shape[:1] != [ANY] for tensor in session.signature.inputs):
        return 1
    try:
        many = _seconds(
            session, {name: np.repeat(tensor, TIMED_ROWS, axis=0) for name, tensor in row.items()}
        )
    except ModelError:
        return 1
    seconds_per_row = max((many - one) / (TIMED_ROWS - 1), 1e-9)
    return 1 + int((INLINE_SECONDS - one) / seconds_per_row)


def _seconds(session: Session, inputs: dict[str, Tensor]) -> float:
    session.run(inputs)  # the first run allocates and is not typical
    return median(_timed(session, inputs) for _ in range(TIMED_RUNS))


def _timed(session: Session, inputs: dict[str, Tensor]) -> float:
    started = perf_counter()
    session.run(inputs)
    return perf_counter() - started
