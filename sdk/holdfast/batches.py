"""Running a model over many rows in batches that it accepts."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.results import ModelFailureReason
from holdfast.signature import ANY

MAX_BATCH_ROWS: Final = 8192

Tensors = Mapping[str, NDArray[Any]]


def run_rows(session: Session, inputs: Tensors) -> dict[str, NDArray[Any]]:
    """Return the outputs for all rows, joined along their first dimension.

    A model with a fixed number of rows gets so many at a time, the last batch filled up with its last row.

    Raises:
        ModelError: CheckFailed when the model fails or an output has not one entry per row.
    """
    count = len(next(iter(inputs.values())))
    fixed = _fixed_rows(session)
    size = fixed or MAX_BATCH_ROWS
    parts = [
        _run(session, {name: values[start : start + size] for name, values in inputs.items()}, fixed)
        for start in range(0, count, size)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fixed_rows(session: Session) -> int | None:
    sizes = {tensor.shape[0] for tensor in session.signature.inputs if tensor.shape[:1] not in ([], [ANY])}
    return min(sizes) if sizes else None


def _run(session: Session, batch: Tensors, fixed: int | None) -> dict[str, NDArray[Any]]:
    rows = len(next(iter(batch.values())))
    missing = (fixed or rows) - rows
    if missing:
        batch = {name: np.concatenate([each, each[-1:].repeat(missing, 0)]) for name, each in batch.items()}
    answers = session.run(batch)
    for name, values in answers.items():
        _require_rows(name, values, rows + missing)
    return {name: values[:rows] for name, values in answers.items()}


def _require_rows(name: str, values: NDArray[Any], rows: int) -> None:
    if values.ndim == 0 or len(values) != rows:
        message = f"output {name!r} has shape {values.shape}, not one entry for each of {rows} rows"
        raise ModelError(ModelFailureReason.CHECK_FAILED, message)
