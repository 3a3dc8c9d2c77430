"""Parameters of a training are kept short, plain and without credentials."""

from typing import Any

import pytest

from holdfast.results import MAX_MESSAGE_BYTES, EvaluationResult, Failure
from holdfast_serving.evaluation.parameters import short_parameters, with_parameters


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, {}),
        (["depth"], {}),
        (
            {"depth": 6, "rate": 0.1, "loss": "l2", "early": True},
            {"depth": "6", "rate": "0.1", "loss": "l2", "early": "True"},
        ),
        ({"grid": [1, 2], "depth": 6}, {"depth": "6"}),
        ({"apiKey": "abcdef"}, {"apiKey": "***"}),
        ({"data": "https://ana:secret@host/x"}, {"data": "https://***@host/x"}),
        ({"n" * 40: "v" * 90}, {"n" * 32: "v" * 48}),
    ],
)
def test_parameters_are_short_texts(given: Any, kept: dict[str, str]) -> None:
    assert short_parameters(given) == kept


def test_number_of_parameters_is_bounded() -> None:
    assert len(short_parameters({f"p{index}": index for index in range(40)})) == 12


def test_parameters_take_only_the_room_that_is_left() -> None:
    full = EvaluationResult(failure=Failure(reason="r", message="m" * 1024), uri="u" * 2800)
    grown = with_parameters(full, {f"parameter-{index}": "v" * 48 for index in range(12)})
    assert 0 < len(grown.parameters) < 12
    assert len(grown.to_json().encode()) <= MAX_MESSAGE_BYTES
    assert with_parameters(full, None) == full
