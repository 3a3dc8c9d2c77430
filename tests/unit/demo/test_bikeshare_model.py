import numpy as np
import pytest
from bikeshare.model import fit, judge_rows, metadata, split, to_onnx_bytes
from bikeshare.rides import FEATURES, INPUT, OUTPUT

from holdfast.onnx import Session
from tests.unit.demo.builders import rides_of

MONDAY = "2011-01-03"


def test_newest_whole_week_and_every_fourth_before_are_held_out() -> None:
    parts = split(rides_of(MONDAY, 10 * 7), weeks=8)
    newest = int(parts.held_out.week.max())
    assert set(parts.held_out.week.tolist()) == {newest, newest - 4}
    assert len(parts.held_out) == 2 * 168
    assert set(parts.training.week.tolist()) == {newest - each for each in (1, 2, 3, 5, 6, 7)}


def test_days_after_the_newest_whole_week_are_trained_on() -> None:
    rides = rides_of(MONDAY, 8 * 7 + 3)
    parts = split(rides, weeks=8)
    assert parts.training.time[-1] == rides.time[-1]
    assert parts.held_out.time[-1] == np.datetime64("2011-02-27T23")


def test_training_and_held_out_rows_never_meet() -> None:
    parts = split(rides_of(MONDAY, 12 * 7), weeks=8)
    assert not set(parts.training.time.tolist()) & set(parts.held_out.time.tolist())


def test_rows_that_the_champion_was_trained_on_do_not_judge() -> None:
    old = split(rides_of(MONDAY, 8 * 7), weeks=8)
    new = split(rides_of(MONDAY, 9 * 7), weeks=8)
    judged = judge_rows(new.held_out, metadata(old))
    # The newest week is new to both; four weeks before it the champion was trained on.
    assert set(judged.week.tolist()) == {int(new.held_out.week.max())}


@pytest.mark.parametrize(
    "champion",
    [
        pytest.param({}, id="champion that says nothing"),
        pytest.param(
            {"trainedFrom": "2010-01-01", "trainedUntil": "2012-01-01", "heldOutWeeks": []},
            id="all rows seen",
        ),
    ],
)
def test_all_held_out_rows_judge_when_there_is_no_choice(champion: dict[str, object]) -> None:
    held_out = split(rides_of(MONDAY, 8 * 7), weeks=8).held_out
    assert len(judge_rows(held_out, champion)) == len(held_out)


def test_onnx_model_predicts_what_scikit_learn_does() -> None:
    rides = rides_of(MONDAY, 4 * 7)
    model = fit(rides)
    answers = Session.open(to_onnx_bytes(model)).run({INPUT: rides.features})[OUTPUT]
    assert answers.shape == (len(rides), 1)
    assert rides.features.shape[1] == len(FEATURES)
    np.testing.assert_allclose(answers[:, 0], model.predict(rides.features), rtol=1e-4, atol=1e-3)
