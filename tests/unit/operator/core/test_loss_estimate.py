"""The estimate without labels is shown where the package says how wrong the model is, and nowhere else."""

from dataclasses import replace

import pytest

from holdfast.expected_loss import ExpectedLoss
from holdfast_operator.core.loss_estimate import estimate_loss
from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from tests.unit.operator.core.builders import at

EXPECTED = ExpectedLoss(metric="mae", output="count", mean=5.0, losses=(1.0, 9.0))
COUNT = ColumnWindow("output", "count", (10, 90), (50, 50))
WINDOW = DriftWindow("bikes-1", "p1", at(0), at(100), 100, (COUNT,), expected=EXPECTED)


def test_more_high_predictions_are_expected_to_be_more_wrong() -> None:
    estimate = estimate_loss(WINDOW)
    assert estimate is not None
    assert (estimate.metric, estimate.value, estimate.reference) == ("mae", "8.2", "5")


@pytest.mark.parametrize(
    "window",
    [
        pytest.param(replace(WINDOW, expected=None), id="package without a report"),
        pytest.param(replace(WINDOW, columns=()), id="no such output"),
        pytest.param(replace(WINDOW, columns=(replace(COUNT, counts=(0, 0)),)), id="no rows"),
        pytest.param(replace(WINDOW, columns=(replace(COUNT, reference=(1, 2, 3)),)), id="other bins"),
    ],
)
def test_without_what_it_takes_there_is_no_estimate(window: DriftWindow) -> None:
    assert estimate_loss(window) is None
