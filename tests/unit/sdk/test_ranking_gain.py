"""NDCG of many queries against scikit-learn, one query at a time."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from holdfast.ranking_gain import CUTOFF, query_gains

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("ties", [False, True])
def test_each_query_has_the_gain_that_scikit_learn_says(ties: bool) -> None:
    query = RNG.integers(0, 40, 600)
    relevance = RNG.integers(0, 4, 600).astype(np.float64)
    scores = RNG.normal(size=600)
    if ties:
        scores = np.round(scores)
    gains, counted = query_gains(relevance, scores, query)
    assert counted.sum() == 40
    for row in np.flatnonzero(counted):
        of = query == query[row]
        expected = ndcg_score(relevance[of][np.newaxis], scores[of][np.newaxis], k=CUTOFF)
        assert gains[row] == pytest.approx(expected)
    assert not gains[~counted].any()


def test_queries_with_nothing_to_rank_are_left_out() -> None:
    query = np.array([7, 7, 3, 3, 5])
    relevance = np.array([1.0, 0.0, 2.0, 2.0, 1.0])
    gains, counted = query_gains(relevance, np.arange(5.0), query)
    assert counted.tolist() == [True, False, False, False, False]
    assert gains[0] == pytest.approx(1 / np.log2(3))
