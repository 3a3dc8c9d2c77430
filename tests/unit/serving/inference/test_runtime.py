"""What may run on the event loop is decided by timing the model."""

import pytest

from holdfast.failures import ModelError
from holdfast.profile import Profile
from holdfast.signature import Signature, typical_inputs
from holdfast_serving.inference import runtime
from holdfast_serving.inference.runtime import TIMED_ROWS, Runtime
from tests.unit.serving.trained_models import wine_columns_model, wine_model


class Clock:
    """A clock that a fixed time passes on between two looks."""

    def __init__(self, *durations: float) -> None:
        self._times = [0.0]
        for duration in durations:
            self._times += [self._times[-1] + duration] * 2
        self._looks = 0

    def __call__(self) -> float:
        self._looks += 1
        return self._times[self._looks - 1]


@pytest.mark.parametrize(
    ("one", "many", "inline_rows"),
    [
        pytest.param(0.0001, 0.0001 + 63 * 0.0001, 10, id="row-by-row"),
        pytest.param(0.0009, 0.0009 + 63 * 0.001, 1, id="one-row-only"),
        pytest.param(0.0011, 0.0, 0, id="slow"),
        pytest.param(0.0002, 0.0001, 800_001, id="rows-cost-nothing"),
    ],
)
def test_times_of_one_row_and_many_say_how_many_rows_are_quick(
    one: float, many: float, inline_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "perf_counter", Clock(*[one] * 7, *[many] * 7))
    assert Runtime.warm(wine_model().session(), 1).inline_rows == inline_rows


def test_model_of_a_fixed_batch_is_timed_with_that_batch_only(monkeypatch: pytest.MonkeyPatch) -> None:
    session = wine_model().session()
    fixed = session.signature.inputs[0].model_copy(update={"shape": [1, 13]})
    monkeypatch.setattr(session, "signature", Signature((fixed,), session.signature.outputs))
    monkeypatch.setattr(runtime, "perf_counter", Clock(*[0.0001] * 7))
    assert Runtime.warm(session, 1).inline_rows == 1


def test_small_model_is_quick_on_its_profiles_typical_row() -> None:
    model = wine_columns_model()
    assert Runtime.warm(model.session(), 1, Profile.parse(model.profile_json())).inline_rows >= 1


def test_model_that_refuses_empty_texts_needs_a_profile_and_the_error_says_so() -> None:
    with pytest.raises(ModelError, match="a profile would give a typical row"):
        Runtime.warm(wine_columns_model().session(), 1)


def test_run_gives_outputs_by_name_and_its_time() -> None:
    session = wine_model().session()
    outputs, seconds = Runtime(session, 1, TIMED_ROWS).run_timed(typical_inputs(session.signature))
    assert list(outputs) == ["label", "probabilities"]
    assert seconds > 0
