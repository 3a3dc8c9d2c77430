"""Every state of an object has one word, and the reason where there is one."""

import pytest

from holdfast.cli.state import assess_run, assess_state, is_finished
from tests.unit.cli.objects import Object, condition, model_deployment, retrain_run


def stalled(message: str = "no such bucket") -> Object:
    return condition("Stalled", reason="ModelNotFound", message=message)


@pytest.mark.parametrize(
    ("status", "spec", "word", "why"),
    [
        pytest.param({"observedGeneration": -1}, {}, "Unseen", "is it running?", id="not-seen-yet"),
        pytest.param({"conditions": []}, {}, "Progressing", "", id="no-conditions"),
        pytest.param(
            {"conditions": [condition("Ready", "Unknown"), condition("Reconciling", message="inspecting")]},
            {},
            "Progressing",
            "inspecting",
            id="working",
        ),
        pytest.param({}, {}, "Ready", "", id="serving"),
        pytest.param(
            {"conditions": [condition("Ready"), condition("Reconciling", message="1 of 2 pods")]},
            {},
            "Ready",
            "1 of 2 pods",
            id="serving-while-rolling-out",
        ),
        pytest.param(
            {"conditions": [condition("Ready"), stalled()]}, {}, "Stalled", "no such bucket", id="stalled"
        ),
        pytest.param({"conditions": [stalled("")]}, {}, "Stalled", "ModelNotFound", id="reason-for-message"),
        pytest.param({}, {"suspend": True}, "Suspended", "", id="suspended"),
        pytest.param(
            {"conditions": [condition("Ready", "False", "NoReadyPods")]},
            {"suspend": True},
            "Suspended",
            "NoReadyPods",
            id="suspended-and-broken",
        ),
    ],
)
def test_a_model_has_one_word(status: Object, spec: Object, word: str, why: str) -> None:
    state = assess_state(model_deployment(spec=spec, **status))
    assert state.word == word
    assert why in state.why
    assert bool(state.why) == bool(why)


def test_a_deleted_object_is_deleting_whatever_its_conditions_say() -> None:
    model, run = model_deployment(), retrain_run(conditions=[condition("Promoted")])
    for each in (model, run):
        each["metadata"]["deletionTimestamp"] = "2026-06-14T11:00:00Z"
    assert assess_state(model).word == assess_run(run).word == "Deleting"


@pytest.mark.parametrize(
    ("conditions", "word", "finished"),
    [
        pytest.param([], "Starting", False, id="accepted"),
        pytest.param([condition("Reconciling", reason="Training")], "Training", False, id="training"),
        pytest.param(
            [condition("Reconciling", reason="WaitingForOtherRun")],
            "Waiting for other run",
            False,
            id="waiting",
        ),
        pytest.param(
            [condition("Evaluated"), condition("Reconciling", reason="RollingOut")], "Rolling out", False
        ),
        pytest.param([condition("Promoted")], "Promoted", True, id="promoted"),
        pytest.param([condition("Rejected", reason="GateFailed")], "Rejected", True, id="rejected"),
        pytest.param([condition("Failed", reason="BadData")], "Failed", True, id="failed"),
        pytest.param([condition("RolledBack"), condition("Promoted", "False")], "RolledBack", True),
        pytest.param([condition("Promoted", "False", "Superseded")], "Superseded", True, id="superseded"),
        pytest.param([condition("Stalled", reason="PolicyNotFound")], "Failed", True, id="stalled"),
    ],
)
def test_a_run_has_one_word(conditions: list[Object], word: str, finished: bool) -> None:
    run = retrain_run(conditions=conditions)
    assert assess_run(run).word == word
    assert is_finished(run) is finished


def test_a_run_that_no_operator_has_seen_says_so() -> None:
    assert assess_run(retrain_run(observedGeneration=-1)).word == "Unseen"
