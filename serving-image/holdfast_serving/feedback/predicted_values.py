"""What an answer predicts for each row, in the few bytes that an id has room for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from holdfast.predictions import is_label, is_score_table, is_single_number
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast.results import TensorSignature
from holdfast.signature import DTYPES, Signature
from holdfast_serving.feedback.prediction_ids import Kind

Tensor: TypeAlias = NDArray[Any]
Encode: TypeAlias = Callable[[Tensor], bytes]

KNOWN_CLASSES: Final = 1024
"""Classes whose code is remembered."""


class PredictedValues:
    """The output that labels are about, and how its rows are written into an id."""

    def __init__(self, output: str, kind: Kind, encode: Encode) -> None:
        self.output: Final = output
        self.kind: Final = kind
        self.encode: Final = encode


def predicted_values(signature: Signature, classes: Sequence[Any] | None) -> PredictedValues | None:
    """Return how to read predictions: from the first output of labels, else of scores, else of numbers.

    ``classes`` names the columns of scores; without it a class is known by its position. None: the outputs
    are something else, such as images.
    """
    outputs = signature.outputs
    label = next((each for each in outputs if is_label(each)), None)
    if label is not None:
        return PredictedValues(label.name, Kind.CLASS, _ClassCodes().of_labels)
    scores = next((each for each in outputs if is_score_table(each)), None)
    if scores is not None:
        names = signature.classes.get(scores.name) or classes or range(max(scores.shape[1], 0))
        return PredictedValues(scores.name, Kind.CLASS, _ScoredClasses(names).of_scores)
    number = next((each for each in outputs if is_single_number(each)), None)
    return None if number is None else _numbers(number)


def class_code(label: Any) -> int:
    """Return the code of a class: whole numbers are equal whatever their type, as in ``3`` and ``3.0``."""
    return crc32(class_text(label).encode())


def class_text(label: Any) -> str:
    """Return a class as a text."""
    if isinstance(label, bytes):
        return label.decode(errors="replace")
    if isinstance(label, bool):
        return str(int(label))
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)


def error_scale(profile: Profile | None, output: str) -> float:
    """Return the unit of error bins: the range of the output's middle 80 % of reference rows, else 1."""
    found = [each for each in profile.of_kind("output") if each.tensor == output] if profile else []
    ranges = [each.edges[-1] - each.edges[0] for each in found if _varies(each)]
    # As the id's 32 bits hold it, so that a revision's own counts and those from elsewhere agree.
    with np.errstate(over="ignore", under="ignore"):
        scale = float(np.float32(ranges[0])) if ranges else 1.0
    return scale if 0 < scale < np.inf else 1.0


def _varies(column: NumericColumn | CategoricalColumn) -> TypeGuard[NumericColumn]:
    # A constant has edges too, around itself.
    return isinstance(column, NumericColumn) and len(column.edges) > 1 and column.minimum != column.maximum


def _numbers(tensor: TensorSignature) -> PredictedValues:
    exact = DTYPES[tensor.datatype] == np.float64
    kind, dtype = (Kind.FLOAT64, "<f8") if exact else (Kind.FLOAT32, "<f4")
    return PredictedValues(tensor.name, kind, lambda values: values.astype(dtype, copy=False).tobytes())


class _ClassCodes:
    """Codes of classes, each computed once."""

    def __init__(self) -> None:
        self._codes: dict[Any, bytes] = {}

    def of_labels(self, labels: Tensor) -> bytes:
        known = self._codes
        if labels.size == 1:
            label = labels.item()
            return known[label] if label in known else self._code(label)
        flat = labels.ravel().tolist()
        return b"".join([known[label] if label in known else self._code(label) for label in flat])

    def _code(self, label: Any) -> bytes:
        code = class_code(label).to_bytes(4, "little")
        if len(self._codes) < KNOWN_CLASSES:
            self._codes[label] = code
        return code


class _ScoredClasses:
    """Codes of the classes of best score."""

    def __init__(self, names: Sequence[Any]) -> None:
        self._codes: Mapping[int, int] = {index: class_code(name) for index, name in enumerate(names)}

    def of_scores(self, scores: Tensor) -> bytes:
        best = scores.argmax(axis=1).tolist()
        codes = [self._codes[each] if each in self._codes else class_code(each) for each in best]
        return np.array(codes, dtype="<u4").tobytes()
