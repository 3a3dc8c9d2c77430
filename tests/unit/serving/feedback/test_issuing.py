"""Which answers get an id that labels may come back with."""

from typing import Any

import numpy as np
import pytest

from holdfast_serving.feedback.prediction_ids import MAX_ROWS
from holdfast_serving.inference.data_plane import InferenceRequest
from tests.unit.serving.feedback.served_feedback import served
from tests.unit.serving.trained_models import diabetes_model, wine_model


def test_answers_of_more_rows_than_an_id_holds_have_none() -> None:
    server = served(diabetes_model())
    assert server.first(MAX_ROWS)
    rows = {"X": diabetes_model().rows["X"][: MAX_ROWS + 1]}
    assert server.answer(rows)[0] is None


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({}, id="an input that slices is absent"),
        pytest.param({"X": np.zeros((3, 2), dtype=np.float32)}, id="too few features"),
        pytest.param({"X": np.zeros((2, 13), dtype=np.float32)}, id="other rows than the output"),
    ],
)
def test_rows_that_cannot_be_sliced_have_no_id(rows: Any) -> None:
    server = served(wine_model(), feedback_slices="alcohol,hue")
    outputs = wine_model().session().run({"X": wine_model().rows["X"][:3]})
    assert server.loop.issuer.issue(InferenceRequest(rows), outputs) is None


@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_an_output_without_one_prediction_for_each_row_has_no_id(shape: tuple[int, ...]) -> None:
    issuer = served(wine_model()).loop.issuer
    assert issuer.issue(InferenceRequest({}), {"label": np.zeros(shape, dtype=np.int64)}) is None
