"""A profile must have a place in the model for every column."""

from typing import Any

import pytest

from holdfast.failures import ModelError
from holdfast.profile import NumericColumn, Profile
from holdfast.results import TensorSignature
from holdfast.signature import Signature
from holdfast_serving.inspection.profile_check import require_countable
from tests.unit.serving.trained_models import (
    cancer_model,
    diabetes_model,
    wine_columns_model,
    wine_model,
)

MODELS = [cancer_model, wine_model, diabetes_model, wine_columns_model]


def column(**fields: Any) -> NumericColumn:
    defaults = {"kind": "feature", "name": "a", "tensor": "x", "edges": (), "counts": (1,), "missing": 0}
    return NumericColumn.model_validate({**defaults, "min": 0, "max": 0, "median": 0, **fields})


def tensor(datatype: str, *shape: int) -> TensorSignature:
    return TensorSignature(name="x", datatype=datatype, shape=list(shape))


@pytest.mark.parametrize("trained", MODELS)
def test_own_profile_of_a_model_can_be_counted(trained: Any) -> None:
    require_countable(Profile.parse(trained().profile_json()), trained().session().signature)


@pytest.mark.parametrize(
    ("index", "x"),
    [
        pytest.param(None, tensor("FP32", -1, 2), id="no-index-for-many-columns"),
        pytest.param(2, tensor("FP32", -1, 2), id="index-beyond"),
        pytest.param(0, tensor("FP32", -1), id="index-into-a-vector"),
        pytest.param(0, tensor("FP32", -1, 2, 2), id="three-dimensions"),
        pytest.param(None, tensor("BYTES", -1, 1), id="number-of-a-text"),
    ],
)
def test_column_without_a_place_is_named(index: int | None, x: TensorSignature) -> None:
    profile = Profile(rows=1, columns=(column(index=index),))
    with pytest.raises(ModelError, match="feature 'a' has no place"):
        require_countable(profile, Signature((x,), (x,)))


def test_profile_of_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match="no place in the model"):
        require_countable(Profile.parse(cancer_model().profile_json()), wine_model().session().signature)
