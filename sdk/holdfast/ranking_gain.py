"""Normalised discounted cumulative gain of many queries at once. Pure; a test compares scikit-learn's."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

CUTOFF: Final = 10

Floats = NDArray[np.float64]


def query_gains(relevance: Floats, scores: Floats, query: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return for each row the NDCG@10 of its query if it is the query's first, else 0; and which those are.

    Rows with equal scores share the mean of their discounts. A query whose rows are all equally relevant has
    nothing to rank and is left out.

    Source: Järvelin, Kekäläinen (2002), "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20; ties
    as in McSherry, Najork (2008), "Computing Information Retrieval Performance Measures Efficiently in the
    Presence of Tied Scores", ECIR.
    """
    numbers, first, index = np.unique(query, return_index=True, return_inverse=True)
    gained = _discounted(relevance, scores, index, len(numbers))
    ideal = _discounted(relevance, relevance, index, len(numbers))
    lowest = np.full(len(numbers), np.inf)
    highest = np.full(len(numbers), -np.inf)
    np.minimum.at(lowest, index, relevance)
    np.maximum.at(highest, index, relevance)
    counted = (highest > lowest) & (ideal > 0)
    gains, chosen = np.zeros(len(query)), np.zeros(len(query), dtype=bool)
    gains[first[counted]] = gained[counted] / ideal[counted]
    chosen[first[counted]] = True
    return gains, chosen


def _discounted(relevance: Floats, scores: Floats, query: NDArray[np.int64], queries: int) -> Floats:
    """Return the discounted cumulative gain of each query, ties averaged."""
    order = np.lexsort((-scores, query))
    of, ranked = query[order], scores[order]
    starts = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    rank = np.arange(len(of)) - np.repeat(starts, np.diff(np.append(starts, len(of))))
    discount = np.where(rank < CUTOFF, 1 / np.log2(rank + 2), 0)
    ties = np.concatenate([[True], (of[1:] != of[:-1]) | (ranked[1:] != ranked[:-1])])
    tie = np.cumsum(ties) - 1
    shared = np.bincount(tie, weights=discount) / np.bincount(tie)
    return np.bincount(of, weights=relevance[order] * shared[tie], minlength=queries).astype(np.float64)
