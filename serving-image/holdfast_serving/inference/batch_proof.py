"""Whether a model answers a batch as it answers each of its rows alone, tried out before it serves.

Equal means bit for bit for everything but floating-point numbers. Those may differ by ``ROUNDING`` units of
the last place of the row's largest number: ONNX Runtime multiplies matrices of other heights with other
kernels, which add in another order, and the same happens between two processors. A model that mixes rows (a
mean over the batch, normalisation by it) or draws random numbers differs by far more.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from holdfast.failures import ModelError
from holdfast.signature import ANY, Signature
from holdfast_serving.inference.sample_rows import Row
from holdfast_serving.inference.tensors import Tensor

ROUNDING: Final = 8
ROWS: Final = 24
TRIED_ROWS: Final = 4 * ROWS
"""Rows without a profile may be refused by the model; so many are tried."""

Run = Callable[[Row], dict[str, Tensor]]
_Answered = tuple[Row, dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Batches have up to ``max_rows`` rows, 0: there are none; ``reason`` says why, for people."""

    max_rows: int
    reason: str
    delay_seconds: float = 0.0
    one_shape: bool = False
    """Whether all rows have the same shape, by the signature, so that nobody need look."""


def plan_batches(
    signature: Signature, run: Run, rows: Iterable[Row], max_rows: int, delay_seconds: float = 0.0
) -> BatchPlan:
    """Return whether a model's requests may share batches of up to ``max_rows`` rows; tried with ``rows``."""
    if max_rows < 2:
        return BatchPlan(0, "off: a batch would take too long on the event loop")
    for tensor in (*signature.inputs, *signature.outputs):
        if tensor.shape[:1] != [ANY]:
            return BatchPlan(0, f"off: the first dimension of '{tensor.name}' is not dynamic")
    trial = BatchTrial(run, rows)
    difference = trial.difference(max_rows)
    if difference is not None:
        return BatchPlan(0, f"off: {difference}")
    equal = "bit for bit" if trial.exact else f"within rounding ({ROUNDING} units of the last place)"
    one_shape = all(ANY not in tensor.shape[1:] for tensor in signature.inputs)
    return BatchPlan(max_rows, f"on: batches answered as their rows alone, {equal}", delay_seconds, one_shape)


class BatchTrial:
    """Compares batches of the first ``ROWS`` rows that the model answers with these rows alone."""

    def __init__(self, run: Run, rows: Iterable[Row]) -> None:
        self.exact = True
        """Whether no floating-point number has differed so far."""
        self._run = run
        self._singles = list(islice(_answered(run, islice(rows, TRIED_ROWS)), ROWS))

    def difference(self, max_rows: int) -> str | None:
        """Return how batches of up to ``max_rows`` rows are answered differently."""
        if len(self._singles) < ROWS:
            return "too few different rows could be tried"
        if all(_equal(answer, self._singles[0][1]) for _, answer in self._singles):
            return "the rows that were tried all get the same answer, which shows nothing"
        for size in sorted({2, 3, 5, 8, 16, 31, 64, 128, max_rows}):
            if size <= max_rows:
                # Other rows side by side for each size.
                chosen = [self._singles[(size + index * 7) % ROWS] for index in range(size)]
                difference = self._difference(chosen)
                if difference is not None:
                    return f"in a batch of {size} rows {difference}"
        return None

    def _difference(self, chosen: list[_Answered]) -> str | None:
        batch = {name: np.concatenate([row[name] for row, _ in chosen]) for name in chosen[0][0]}
        try:
            outputs = self._run(batch)
        except ModelError:
            return "the model fails"
        for name, together in outputs.items():
            alone = [answer[name] for _, answer in chosen]
            if any(len(tensor) != 1 for tensor in alone) or len(together) != len(chosen):
                return f"output '{name}' has not one entry for each row"
            if not all(self._same(one[0], other) for one, other in zip(alone, together, strict=True)):
                return f"output '{name}' is not what the rows alone get"
        return None

    def _same(self, one: Tensor, other: Tensor) -> bool:
        if np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f"):
            return True
        self.exact = False
        return _close(np.asarray(one), np.asarray(other))


def _answered(run: Run, rows: Iterable[Row]) -> Iterator[_Answered]:
    for row in rows:
        try:
            yield row, run(row)
        except ModelError:
            continue


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(np.array_equal(tensor, other[name]) for name, tensor in one.items())


def _close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype.kind != "f":
        return False
    finite = np.isfinite(one)
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return False
    largest = np.max(np.abs(one[finite]), initial=0)
    allowed = ROUNDING * np.finfo(one.dtype).eps * largest
    return bool(np.all(np.abs(one[finite] - other[finite]) <= allowed))
