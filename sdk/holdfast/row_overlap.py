"""Whether rows that a model is judged on are among those that it was trained on. Pure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def overlap_share(training: Mapping[str, Array], holdout: Mapping[str, Array]) -> float:
    """Return the share of holdout rows that are equal, in every input and bit, to a row of the training.

    Both hold the same inputs; the first dimension is the row. Without rows on a side it is 0.

    Leakage of this kind makes any score worthless (Kaufman et al. 2012, "Leakage in data mining").
    """
    if not all(len(each) for rows in (training, holdout) for each in rows.values()):
        return 0.0
    known, judged = _keys(training, holdout)
    return float(np.isin(judged, known).mean())


def _keys(training: Mapping[str, Array], holdout: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return each row as one opaque value, of the same width on both sides."""
    pairs = [_alike(training[name], holdout[name]) for name in sorted(holdout)]
    return _opaque([pair[0] for pair in pairs]), _opaque([pair[1] for pair in pairs])


def _alike(one: Array, other: Array) -> tuple[Array, Array]:
    """Return both arrays in the type that holds either, texts padded to the same length."""
    one, other = (each.astype("U") if each.dtype == object else each for each in (one, other))
    common = np.result_type(one, other)
    return one.astype(common), other.astype(common)


def _opaque(columns: list[Array]) -> Array:
    parts = [
        np.ascontiguousarray(each).reshape(len(each), -1).view(np.uint8).reshape(len(each), -1)
        for each in columns
    ]
    joined = np.ascontiguousarray(np.hstack(parts))
    return joined.view(np.dtype((np.void, joined.shape[1]))).reshape(len(joined))
