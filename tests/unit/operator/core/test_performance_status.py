"""The status says what labels say: figures are written when a person would read something else."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.core.observation import LabelWindow
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.label_windows import (
    ACCURACY,
    ALL_BAD,
    ALL_GOOD,
    GOOD,
    LABELS,
    OLD,
    YOUNG,
    degraded_labels,
    good_labels,
    label_window,
    performance,
    wrong,
)
from tests.unit.operator.core.policy_observations import next_observation, observe_policy, said


def status_after(first: LabelWindow, second: LabelWindow | None) -> tuple[Any, Any]:
    """Return the figures of the status after the one window and after the other."""
    observation = observe_policy({"triggers": LABELS}, labels=first)
    before = decide_retrain_policy(observation)
    after = decide_retrain_policy(next_observation(observation, before, labels=second))
    return performance(before.status), performance(after.status)


ONE_SLICE = label_window(blocks=ALL_GOOD, slices={YOUNG: ALL_GOOD})


@pytest.mark.parametrize(
    ("first", "second", "is_written"),
    [
        pytest.param(
            good_labels(), label_window(blocks=[*ALL_GOOD, wrong(0.06)]), False, id="one more block"
        ),
        pytest.param(good_labels(), None, False, id="nothing scraped"),
        pytest.param(good_labels(), degraded_labels(), True, id="degraded"),
        pytest.param(good_labels(), label_window(blocks=ALL_GOOD * 3), True, id="many more labels"),
        pytest.param(
            good_labels(), label_window(blocks=[*ALL_GOOD, wrong(0.11, 600)]), True, id="metric moved"
        ),
        pytest.param(
            good_labels(), label_window({**ACCURACY, "baseline": "0.9"}, ALL_GOOD), True, id="other labels"
        ),
        pytest.param(
            ONE_SLICE, label_window(blocks=ALL_GOOD, slices={YOUNG: ALL_BAD}), True, id="degraded slice"
        ),
        pytest.param(
            ONE_SLICE, label_window(blocks=ALL_GOOD, slices={OLD: ALL_GOOD}), False, id="other quiet slice"
        ),
        pytest.param(
            ONE_SLICE,
            label_window(blocks=ALL_GOOD, slices={YOUNG: ALL_GOOD, OLD: ALL_BAD}),
            True,
            id="another slice degraded",
        ),
    ],
)
def test_figures_are_written_when_they_say_something_else(
    first: LabelWindow, second: LabelWindow | None, is_written: bool
) -> None:
    before, after = status_after(first, second)
    assert (after != before) == is_written


def test_revision_of_the_figures_is_that_of_the_labels() -> None:
    observation = observe_policy({"triggers": LABELS}, labels=degraded_labels())
    status = decide_retrain_policy(observation).status
    older = {**performance(status), "revision": "older"}
    known = observe_policy({"triggers": LABELS}, status={"performance": older}, labels=good_labels())
    decision = decide_retrain_policy(known)
    assert performance(decision.status)["revision"] == "champion"
    assert said(decision, "PerformanceDegraded") == "False/WithinTolerance"


def test_degraded_groups_are_remembered_by_the_status() -> None:
    slices = {OLD: [*ALL_BAD, wrong(GOOD), wrong(GOOD)]}
    blocks = [*ALL_BAD, wrong(GOOD), wrong(GOOD)]
    observation = observe_policy(
        {"triggers": LABELS}, labels=label_window(blocks=ALL_BAD, slices={OLD: ALL_BAD})
    )
    before = decide_retrain_policy(observation)
    recovering = label_window(blocks=blocks, slices=slices)
    after = decide_retrain_policy(next_observation(observation, before, labels=recovering))
    figures = performance(after.status)
    assert (figures["verdict"], figures["slices"][0]["verdict"]) == ("Degraded", "Degraded")
    only_slice = {**figures, "verdict": "WithinTolerance"}
    known = observe_policy({"triggers": LABELS}, status={"performance": only_slice}, labels=recovering)
    fresh = performance(decide_retrain_policy(known).status)
    assert (fresh["verdict"], fresh["slices"][0]["verdict"]) == ("WithinTolerance", "Degraded")


def test_what_labels_have_proved_is_kept_in_a_config_map_of_the_policy() -> None:
    observation = observe_policy({"triggers": LABELS}, labels=good_labels())
    assert decide_retrain_policy(observation).desired == ()
    (kept,) = decide_retrain_policy(replace(observation, kept={"labels": "H4sI"})).desired
    assert kept["kind"] == "ConfigMap"
    assert kept["metadata"]["name"].startswith("nightly-labels-")
    assert kept["metadata"]["ownerReferences"][0]["uid"] == "uid-of-nightly"
    assert kept["binaryData"] == {"labels.json.gz": "H4sI"}
