"""The residual of a row: what the leading principal components of its numeric features leave unexplained.

It moves when features that belong together come apart, although each looks as before. Vectorised, pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.profile import MAX_COMPONENTS, MAX_PROJECTED, Projection

Floats = NDArray[np.float64]

ROWS_PER_FEATURE: Final = 20
"""Reference rows needed for each feature."""
EXPLAINED: Final = 0.65
"""Share of the variance that the components explain; NannyML's default for its reconstruction error."""
CLIP: Final = 10.0
"""Standardised values beyond are moved here: no single feature can drown the others' digits."""
NOISE: Final = 1e-9
"""Smaller residuals are 0: they are rounding, which differs between machines."""


def fit_projection(features: Mapping[str, NDArray[Any]]) -> Projection | None:
    """Return the projection of reference columns of shape [rows], or None where there is no use in one.

    It takes the first 64 features that vary and have a finite variance; two at least, and 20 rows for each.
    """
    moments = {name: _moments(values) for name, values in features.items()}
    varying = [name for name, (_, scale) in moments.items() if 0 < scale < np.inf]
    rows = min((len(values) for values in features.values()), default=0)
    names = varying[: min(MAX_PROJECTED, rows // ROWS_PER_FEATURE)]
    if len(names) < 2:
        return None
    mean, scale = (tuple(moments[name][part] for name in names) for part in (0, 1))
    standard = _standardised([features[name] for name in names], mean, scale)
    components = _leading_components(standard)
    return Projection(features=tuple(names), mean=mean, scale=scale, components=components)


def residuals(projection: Projection, columns: Sequence[NDArray[Any]]) -> Floats:
    """Return the squared reconstruction error of each row, in reference variances.

    ``columns`` are the projection's features in order, each of shape [rows]. A missing value (not finite)
    counts as the reference mean.

    A row's residual does not depend on the rows beside it, to the last bit, so replicas that share the rows
    count the same. That is why this is no matrix product, which sums in another order for other sizes:
    einsum adds one feature after the other to all rows.
    """
    standard = _standardised(columns, projection.mean, projection.scale)
    if standard.shape[1] == 1:  # With a single row, einsum would sum along the features instead.
        standard = np.repeat(standard, 2, axis=1)
    scores = np.einsum("kf,fr->kr", np.array(projection.components), standard)
    squares: Floats = np.einsum("fr,fr->r", standard, standard) - np.einsum("kr,kr->r", scores, scores)
    squares[squares < NOISE] = 0.0
    return squares[: len(columns[0])]


def _moments(values: NDArray[Any]) -> tuple[float, float]:
    numbers = np.asarray(values, dtype=np.float64)
    present = numbers[np.isfinite(numbers)]
    if len(present) == 0:
        return 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(present.mean()), float(present.std())


def _standardised(columns: Sequence[NDArray[Any]], mean: Sequence[float], scale: Sequence[float]) -> Floats:
    """Return the columns as rows of a table [features, rows]."""
    table: Floats = np.array(columns, dtype=np.float64)
    present = np.isfinite(table)
    with np.errstate(over="ignore", invalid="ignore"):
        table -= np.array(mean)[:, None]
        table /= np.array(scale)[:, None]
    if not present.all():
        table[~present] = 0.0
    np.maximum(table, -CLIP, out=table)
    np.minimum(table, CLIP, out=table)
    return table


def _leading_components(standard: Floats) -> tuple[tuple[float, ...], ...]:
    """Return the eigenvectors of largest eigenvalue but not all, each with its largest entry positive."""
    variances, vectors = np.linalg.eigh(np.cov(standard))
    descending = np.argsort(variances)[::-1]
    explained = np.cumsum(variances[descending]) / variances.sum()
    count = min(int(np.searchsorted(explained, EXPLAINED)) + 1, MAX_COMPONENTS, len(standard) - 1)
    leading = vectors[:, descending[:count]].T
    signs = np.sign(leading[np.arange(count), np.abs(leading).argmax(axis=1)])
    return tuple(tuple(row) for row in (leading * signs[:, None]).tolist())
