"""Differences between two revisions' outputs, counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.binning import profile_of
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.shadow.comparison import DIFFERENCE_BOUNDS, Comparison, Measurement
from holdfast_serving.telemetry.metric_store import MetricStore

LABELS = {"model": "m", "revision": "r"}


def measured(ours: Tensor, theirs: Tensor) -> Measurement:
    comparison = Comparison(["y"], None, MetricStore(), LABELS)
    found = comparison.measure({"y": ours}, {"y": theirs})
    comparison.publish(found)
    return found["y"]


@pytest.mark.parametrize(
    ("ours", "theirs", "disagreeing"),
    [
        pytest.param(np.array([1, 2, 3]), np.array([1, 2, 3]), 0, id="equal"),
        pytest.param(np.array([1, 2, 3]), np.array([1, 3, 4]), 2, id="integers"),
        pytest.param(np.array([[1, 2], [3, 4]]), np.array([[0, 0], [3, 4]]), 1, id="a-row-counts-once"),
        pytest.param(np.array(["a", "b"], dtype=object), np.array(["a", "c"], dtype=object), 1, id="texts"),
        pytest.param(np.array([True, False]), np.array([True, True]), 1, id="truth-values"),
        pytest.param(np.array([1.0, 2.0]), np.array([1.5, 2.0]), 0, id="floats-differ-by-degree"),
        pytest.param(np.array([np.nan, 1.0]), np.array([np.nan, np.nan]), 1, id="missing-on-one-side"),
        pytest.param(np.array([np.inf, np.inf]), np.array([np.inf, -np.inf]), 1, id="infinite"),
        pytest.param(np.empty((0, 2)), np.empty((0, 2)), 0, id="no-rows"),
        pytest.param(np.array(3), np.array(4), 1, id="a-scalar"),
    ],
)
def test_rows_that_disagree(ours: Tensor, theirs: Tensor, disagreeing: int) -> None:
    found = measured(ours, theirs)
    assert found.rows == (len(ours) if ours.ndim else 1)
    assert found.disagreeing == disagreeing


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_sums_give_shift_and_spread(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = np.array(pairs).T
    found = measured(ours, theirs)
    assert found.higher is not None
    assert found.lower is not None
    assert found.squared is not None
    assert sum(found.higher[0]) + sum(found.lower[0]) == len(pairs)
    assert len(found.higher[0]) == len(DIFFERENCE_BOUNDS) + 1
    assert found.higher[1] - found.lower[1] == pytest.approx((theirs - ours).sum(), abs=1e-3)
    assert found.squared[1] == pytest.approx(((theirs - ours) ** 2).sum(), rel=1e-6, abs=1e-6)


def test_differences_are_shares_of_the_range_of_the_profile() -> None:
    outputs = {"y": np.array([[0.0, 0.0], [10.0, 2.0]])}
    profile = profile_of({"x": np.zeros(2)}, outputs)
    store = MetricStore()
    comparison = Comparison(["y"], profile, store, LABELS)
    comparison.publish(comparison.measure({"y": np.array([[0.0, 0.0]])}, {"y": np.array([[1.0, 1.0]])}))
    text = store.render().decode()
    head = 'holdfast_shadow_difference_bucket{model="m",revision="r",output="y",direction="higher"'
    assert f'{head},le="0.05"}} 0' in text
    assert f'{head},le="0.1"}} 1' in text
    assert f'{head},le="0.5"}} 2' in text


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param({}, id="missing"),
        pytest.param({"y": np.zeros(3)}, id="shape"),
        pytest.param({"y": np.zeros(2, dtype=np.int64)}, id="datatype"),
    ],
)
def test_other_outputs_cannot_be_compared(theirs: dict[str, Tensor]) -> None:
    comparison = Comparison(["y"], None, MetricStore(), LABELS)
    with pytest.raises(ValueError, match=r"does not give|differ"):
        comparison.measure({"y": np.zeros(2)}, theirs)
