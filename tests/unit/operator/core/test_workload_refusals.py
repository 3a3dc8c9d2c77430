"""A workload, Job or evaluation that the API server or the rules of safety refuse."""

from typing import Any

import pytest

from holdfast_operator.core.observation import Refusal
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.run_observations import (
    assert_failed,
    next_observation,
    observe_run,
    said,
    text,
)
from tests.unit.operator.core.workload_runs import (
    ANNOUNCED,
    HAS_TRAINED,
    observe_workload_run,
    workload_policy,
)


def refusal(status: int, words: str, kind: str = "PyTorchJob") -> Refusal:
    return Refusal("kubeflow.org/v1" if kind == "PyTorchJob" else "batch/v1", kind, status, words)


NO_RIGHT = 'pytorchjobs.kubeflow.org is forbidden: User "holdfast" cannot create resource "pytorchjobs"'
QUOTA = 'pytorchjobs "again" is forbidden: exceeded quota: small, requested: count=1, used: count=1'


@pytest.mark.parametrize(
    ("refused", "reason", "part"),
    [
        pytest.param(refusal(403, NO_RIGHT), "EngineNotEnabled", "chart's value engines", id="no-right"),
        pytest.param(
            refusal(403, 'admission webhook "x" denied the request'), "AdmissionRefused", '"x"', id="webhook"
        ),
        pytest.param(refusal(404, "not found"), "EngineNotInstalled", "install the engine", id="no-kind"),
        pytest.param(
            refusal(422, "spec.pytorchReplicaSpecs: Required value"),
            "WorkloadInvalid",
            "correct spec.workload.template: spec.pytorchReplicaSpecs",
            id="invalid",
        ),
    ],
)
def test_refused_workload_fails_the_run_with_the_remedy(refused: Refusal, reason: str, part: str) -> None:
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, refusal=refused))
    assert decision.create == ()
    assert_failed(decision, reason)
    assert part in text(decision, "Failed")


def test_full_quota_is_waited_for_until_the_deadline() -> None:
    observation = observe_workload_run(ANNOUNCED, refusal=refusal(403, QUOTA))
    decision = decide_retrain_run(observation)
    assert said(decision, "Reconciling") == "True/QuotaExceeded"
    assert said(decision, "Trained") == "Unknown/Starting"
    assert decision.requeue_after_seconds == 30
    again = decide_retrain_run(next_observation(observation, decision, refusal=None))
    assert len(again.create) == 1
    late = observe_workload_run(
        ANNOUNCED, refusal=refusal(403, QUOTA), policy=workload_policy(limits={"activeDeadlineSeconds": 90})
    )
    assert_failed(decide_retrain_run(late), "QuotaExceeded")


def test_evaluation_that_is_refused_fails_the_run_after_its_training() -> None:
    refused = refusal(422, "spec.template: Invalid value", kind="Job")
    decision = decide_retrain_run(observe_workload_run(HAS_TRAINED, refusal=refused))
    assert_failed(decision, "ConfigurationInvalid")
    assert said(decision, "Trained") == "True/Trained"


def test_training_job_that_is_refused_fails_the_run() -> None:
    status = {key: value for key, value in ANNOUNCED.items() if key != "workload"}
    refused = refusal(403, "denied by policy", kind="Job")
    assert_failed(decide_retrain_run(observe_run(status, refusal=refused)), "AdmissionRefused")


@pytest.mark.parametrize(
    ("fields", "engines", "reason", "part"),
    [
        pytest.param({}, (), "EngineNotEnabled", "add pytorchjobs.kubeflow.org", id="not-enabled"),
        pytest.param(
            {"template": {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"hostIPC": True}}},
            None,
            "WorkloadInvalid",
            "spec.workload.template.spec.hostIPC must not be true.",
            id="not-restricted",
        ),
        pytest.param(
            {"messageExpression": "status.["},
            None,
            "WorkloadInvalid",
            "spec.workload.messageExpression",
            id="no-expression",
        ),
        pytest.param(
            {"serviceAccountName": "trainer"},
            None,
            "ServiceAccountNotAllowed",
            "does not exist; make it with the label holdfast.dev/training: allowed",
            id="no-account",
        ),
    ],
)
def test_workload_that_must_not_be_made_fails_the_run(
    fields: dict[str, Any], engines: tuple[str, ...] | None, reason: str, part: str
) -> None:
    given = {} if engines is None else {"engines": engines}
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, policy=workload_policy(**fields), **given))
    assert decision.create == ()
    assert_failed(decision, reason)
    assert part in text(decision, "Failed")


@pytest.mark.parametrize(
    ("marks", "is_made"),
    [
        pytest.param({"holdfast.dev/training": "allowed"}, True, id="allowed"),
        pytest.param({"holdfast.dev/training": "no"}, False, id="another-value"),
        pytest.param({}, False, id="no-label"),
    ],
)
def test_service_account_needs_its_owners_consent(marks: dict[str, str], *, is_made: bool) -> None:
    account = {"kind": "ServiceAccount", "metadata": {"name": "trainer", "labels": marks}}
    policy = workload_policy(serviceAccountName="trainer")
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, policy=policy, service_account=account))
    assert bool(decision.create) is is_made
    if not is_made:
        assert_failed(decision, "ServiceAccountNotAllowed")
        assert "has not the label" in text(decision, "Failed")
