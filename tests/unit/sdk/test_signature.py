"""Who can replace whom, and what a typical row is."""

from typing import Any

import numpy as np
import pytest

from holdfast.binning import profile_of
from holdfast.failures import ModelError
from holdfast.results import TensorSignature
from holdfast.signature import Signature, compare_signatures, require_served, typical_inputs


def tensor(name: str, *shape: int, datatype: str = "FP32") -> TensorSignature:
    return TensorSignature(name=name, datatype=datatype, shape=list(shape))


def signature(*inputs: TensorSignature, outputs: tuple[TensorSignature, ...] = ()) -> Signature:
    return Signature(inputs=inputs, outputs=outputs or (tensor("y", -1, 1),))


CHAMPION = signature(tensor("x", -1, 4))


@pytest.mark.parametrize(
    ("champion", "candidate", "expected"),
    [
        pytest.param(CHAMPION, signature(tensor("x", -1, 4)), "Identical", id="same"),
        pytest.param(
            signature(tensor("a", 1), tensor("b", 1)),
            signature(tensor("b", 1), tensor("a", 1)),
            "Identical",
            id="another order",
        ),
        pytest.param(CHAMPION, signature(tensor("x", -1, -1)), "Compatible", id="wider input"),
        pytest.param(CHAMPION, signature(tensor("x", 8, 4)), "Incompatible", id="narrower input"),
        pytest.param(CHAMPION, signature(tensor("x", -1, 5)), "Incompatible", id="other width"),
        pytest.param(CHAMPION, signature(tensor("x", -1)), "Incompatible", id="other rank"),
        pytest.param(
            CHAMPION, signature(tensor("x", -1, 4, datatype="FP64")), "Incompatible", id="other datatype"
        ),
        pytest.param(CHAMPION, signature(tensor("z", -1, 4)), "Incompatible", id="other name"),
        pytest.param(
            CHAMPION, signature(tensor("x", -1, 4), tensor("z", -1)), "Incompatible", id="further input"
        ),
        pytest.param(
            CHAMPION,
            signature(tensor("x", -1, 4), outputs=(tensor("y", -1, 1), tensor("p", -1, 2))),
            "Compatible",
            id="further output",
        ),
        pytest.param(
            CHAMPION,
            signature(tensor("x", -1, 4), outputs=(tensor("y", -1, -1),)),
            "Incompatible",
            id="wider output",
        ),
        pytest.param(
            CHAMPION,
            signature(tensor("x", -1, 4), outputs=(tensor("z", -1, 1),)),
            "Incompatible",
            id="output gone",
        ),
    ],
)
def test_signatures_compare(champion: Signature, candidate: Signature, expected: str) -> None:
    assert compare_signatures(champion, candidate) == expected


def test_a_model_without_outputs_is_not_served() -> None:
    with pytest.raises(ModelError, match="0 inputs or outputs"):
        require_served(Signature(inputs=(tensor("x", 1),), outputs=()))
    require_served(CHAMPION)


def test_a_typical_row_without_a_profile_is_zero_and_empty() -> None:
    row = typical_inputs(signature(tensor("x", -1, 2), tensor("t", -1, 1, datatype="BYTES"), tensor("s")))
    assert row["x"].shape == (1, 2)
    assert row["x"].dtype == np.float32
    assert row["t"].tolist() == [[""]]
    assert row["s"].shape == ()


def test_a_typical_row_has_medians_and_the_commonest_categories() -> None:
    inputs: dict[str, Any] = {
        "x": np.array([[1, 10], [2, 20], [3, 30]], dtype=np.float32),
        "zone": np.array([["b"], ["a"], ["b"]], dtype=object),
        "gone": np.zeros(3),
        "code": np.array(["u", "u", "v"], dtype=object),
        "empty": np.array(["", "", ""], dtype=object),
        "narrow": np.ones((3, 2)),
    }
    profile = profile_of(inputs, {"y": np.zeros(3)})
    row = typical_inputs(
        signature(
            tensor("x", -1, 2),
            tensor("zone", -1, 1, datatype="BYTES"),
            tensor("code", -1, datatype="INT64"),
            tensor("empty", -1, datatype="BYTES"),
            tensor("narrow", -1, 1),
        ),
        profile,
    )
    assert row["x"].tolist() == [[2, 20]]
    assert row["zone"].tolist() == [["b"]]
    assert row["code"].tolist() == [0]
    assert row["empty"].tolist() == [""]
    assert row["narrow"].tolist() == [[1]]
