"""Batches are allowed only to models that were seen to answer them as their rows alone."""

from collections.abc import Callable

import pytest

from holdfast.onnx import Session
from holdfast.profile import Profile
from holdfast_serving.inference.batch_proof import BatchPlan, plan_batches
from holdfast_serving.inference.sample_rows import sample_rows
from tests.unit.serving.inference import small_graphs
from tests.unit.serving.trained_models import TrainedModel, cancer_model, wine_columns_model, wine_model


def plan_of(session: Session, profile: Profile | None = None, max_rows: int = 64) -> BatchPlan:
    return plan_batches(
        session.signature, session.run, sample_rows(session.signature, profile), max_rows, 0.25
    )


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(cancer_model, id="boosted-trees"),
        pytest.param(wine_model, id="logistic-regression"),
        pytest.param(wine_columns_model, id="texts-and-several-inputs"),
    ],
)
def test_trained_models_batch_with_their_profile(model: Callable[[], TrainedModel]) -> None:
    trained = model()
    plan = plan_of(trained.session(), Profile.parse(trained.profile_json()))
    assert (plan.max_rows, plan.delay_seconds) == (64, 0.25)
    assert plan.reason.startswith("on: ")


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        pytest.param(small_graphs.doubling, "bit for bit", id="element-wise"),
        pytest.param(small_graphs.any_width, "bit for bit", id="any-width"),
        pytest.param(small_graphs.dense, "alone, ", id="dense"),
    ],
)
def test_models_that_answer_row_by_row_batch_without_a_profile(
    session: Callable[[], Session], reason: str
) -> None:
    plan = plan_of(session())
    assert plan.max_rows == 64
    assert reason in plan.reason


@pytest.mark.parametrize(
    ("session", "reason"),
    [
        pytest.param(small_graphs.mixing, "not what the rows alone get", id="mean-of-the-batch"),
        pytest.param(small_graphs.summing, "first dimension of 'y' is not dynamic", id="sum-of-the-batch"),
        pytest.param(small_graphs.repeating, "not one entry for each row", id="more-rows"),
        pytest.param(small_graphs.random_noise, "not what the rows alone get", id="random"),
        pytest.param(small_graphs.fixed_batch, "first dimension of 'x' is not dynamic", id="fixed-batch"),
        pytest.param(small_graphs.constant, "same answer", id="proof-without-power"),
    ],
)
def test_models_that_mix_rows_or_might_do_not_batch(session: Callable[[], Session], reason: str) -> None:
    plan = plan_of(session())
    assert plan.max_rows == 0
    assert plan.reason.startswith("off: ")
    assert reason in plan.reason


def test_model_whose_rows_take_too_long_does_not_batch() -> None:
    assert plan_of(small_graphs.doubling(), max_rows=1).reason == (
        "off: a batch would take too long on the event loop"
    )


def test_samples_are_the_same_at_every_start_and_differ_from_each_other() -> None:
    model = wine_columns_model()
    profile = Profile.parse(model.profile_json())
    signature = model.session().signature
    first = [row for row, _ in zip(sample_rows(signature, profile), range(20), strict=False)]
    again = [row for row, _ in zip(sample_rows(signature, profile), range(20), strict=False)]
    assert [{name: tensor.tolist() for name, tensor in row.items()} for row in first] == [
        {name: tensor.tolist() for name, tensor in row.items()} for row in again
    ]
    assert {row["region"].item() for row in first} == {"north", "middle", "south"}
    assert len({row["alcohol"].item() for row in first}) > 5
