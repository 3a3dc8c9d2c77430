"""What becomes of an accepted candidate."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    revision,
    serving_model_deployment,
    time_at,
)
from tests.unit.operator.core.run_observations import STARTED, assert_failed, observe_run, said

NEWER_TARGET = {"uri": "s3://x/y", "origin": "Spec", "specModelHash": "h", "chosenTime": time_at(50)}
ACCEPTED = STARTED | {"acceptedTime": time_at(60)}


OURS = {"origin": "RetrainRun/again"}


def annotated(model: ModelDeployment, **changes: Any) -> ModelDeployment:
    return model.model_copy(update={"metadata": model.metadata.model_copy(update=changes)})


def suspended(model: ModelDeployment) -> ModelDeployment:
    return model.model_copy(update={"spec": model.spec.model_copy(update={"suspend": True})})


@pytest.mark.parametrize(
    ("model", "condition_type", "expected"),
    [
        pytest.param(serving_model_deployment(), "Promoted", "False/RollingOut", id="not-seen-yet"),
        pytest.param(
            serving_model_deployment(target=NEWER_TARGET | OURS | {"chosenTime": time_at(60)}),
            "Promoted",
            "False/RollingOut",
            id="rolling-out",
        ),
        pytest.param(
            serving_model_deployment(target=None), "Promoted", "False/RollingOut", id="no-target-yet"
        ),
        pytest.param(
            suspended(serving_model_deployment()), "Promoted", "False/Suspended", id="model-suspended"
        ),
        pytest.param(
            annotated(serving_model_deployment(), annotations={"holdfast.dev/pinned-revision": "champion"}),
            "Promoted",
            "False/PinnedRevision",
            id="pinned",
        ),
    ],
)
def test_accepted_run_waits_for_the_rollout(
    model: ModelDeployment, condition_type: str, expected: str
) -> None:
    decision = decide_retrain_run(observe_run(ACCEPTED, model=model))
    assert said(decision, condition_type) == expected
    assert said(decision, "Reconciling").startswith("True/")
    assert decision.requeue_after_seconds == 30


@pytest.mark.parametrize(
    ("model", "type_", "ready"),
    [
        pytest.param(
            serving_model_deployment(revisions=[revision("ours", promotedTime=time_at(70), **OURS)]),
            "Promoted",
            "True/Promoted",
            id="promoted-and-replaced-since",
        ),
        pytest.param(
            serving_model_deployment(
                revisions=[revision("ours", outcome="Failed", message="NotONNX: no", **OURS)]
            ),
            "RolledBack",
            "False/RolledBack",
            id="rolled-back",
        ),
        pytest.param(
            serving_model_deployment(
                target=NEWER_TARGET | {"chosenTime": time_at(61)},
                revisions=[revision("ours", outcome="Superseded", **OURS)],
            ),
            None,
            "True/Superseded",
            id="superseded",
        ),
    ],
)
def test_accepted_run_ends_as_the_model_deployment_tells(
    model: ModelDeployment, type_: str | None, ready: str
) -> None:
    decision = decide_retrain_run(observe_run(ACCEPTED, model=model))
    assert said(decision, "Ready") == ready
    ends = {
        each["type"]
        for each in (decision.status or {})["conditions"]
        if each["type"] in ("Promoted", "Rejected", "Failed", "RolledBack") and each["status"] == "True"
    }
    assert ends == ({type_} if type_ else set())
    assert "completionTime" in (decision.status or {})


def test_accepted_run_whose_model_deployment_is_gone_has_failed() -> None:
    decision = decide_retrain_run(replace(observe_run(ACCEPTED), model_deployment=None))
    assert_failed(decision, "ModelDeploymentNotFound")
