"""A status of each kind with nothing and one with everything in it, as the operator would write them."""

import pytest

from holdfast_operator.api.model_deployment import (
    ModelDeploymentStatus,
    ModelFailure,
    Probation,
    Revision,
    Target,
)
from holdfast_operator.api.performance import PerformanceStatus, SlicePerformance
from holdfast_operator.api.resource import Condition
from holdfast_operator.api.retrain_policy import (
    DriftStatus,
    FeatureDrift,
    RetrainPolicyStatus,
    RunBudget,
    RunReference,
)
from holdfast_operator.api.retrain_run import (
    Candidate,
    Champion,
    CheckOutcome,
    Evaluation,
    RetrainRunStatus,
)
from holdfast_operator.api.rollout import StepResult
from holdfast_operator.api.trigger_statuses import (
    AlertRecord,
    AlertStatus,
    CodeStatus,
    DataStatus,
    LookFailure,
    SignalFailure,
    SignalStatus,
)
from holdfast_operator.api.triggers import TriggerStatus

_TIME = "2026-01-31T12:00:00Z"
_DIGEST = f"sha256:{'0' * 64}"
_NAME = "bikes-0a1b2c3d4e"


def _condition(kind: str) -> Condition:
    return Condition(
        type=kind,
        status="True",
        reason="Serving",
        message="2 of 2 pods answer.",
        last_transition_time=_TIME,
        observed_generation=3,
    )


_REVISION = Revision(
    name=_NAME,
    digest=_DIGEST,
    uri="s3://models/bikes/1",
    credentials_secret_name="store",
    public_key_secret_name="signing",
    origin="RetrainRun/bikes-drift-0a1b2c3d4e",
    profile_hash="0123456789abcdef",
    image="registry.example.com/holdfast-server:1",
    server={"resources": {"limits": {"cpu": "1"}}, "tolerations": [{"key": "a", "operator": "Exists"}]},
    created_time=_TIME,
    promoted_time=_TIME,
    outcome="Serving",
    message="Promoted.",
    weight_percent=20,
    step=2,
    steps=4,
    step_name="Canary 20 %",
    step_started_time=_TIME,
    judged_since=_TIME,
    looks=1,
    failures=0,
    checks=[
        StepResult(
            metric="errorRate",
            champion="0.001",
            candidate="0.002",
            low="-0.003",
            high="0.009",
            threshold="maxRegression 0.02",
            samples="1200",
            outcome="Pass",
            message="Within the bound.",
        )
    ],
)
_MODEL_DEPLOYMENT = ModelDeploymentStatus(
    observed_generation=3,
    conditions=[_condition("Ready"), _condition("Promoted")],
    target=Target(
        uri="s3://models/bikes/1",
        digest=_DIGEST,
        credentials_secret_name="store",
        profile_hash="0123456789abcdef",
        origin="Spec",
        spec_model_hash="0123456789",
        chosen_time=_TIME,
    ),
    stable_revision=_REVISION,
    candidate_revision=_REVISION,
    probation=Probation(revision=_REVISION, started_time=_TIME, end_time=_TIME, looks=1),
    promotion_answered="bikes-0a1b2c3d4e/2",
    revisions=[_REVISION, _REVISION],
    url="http://bikes.default.svc",
    replicas=2,
    ready_replicas=2,
    selector="holdfast.dev/model-deployment=bikes",
    last_failure=ModelFailure(
        reason="DigestMismatch",
        message="The bytes are others.",
        container="fetch",
        exit_code=20,
        time=_TIME,
        inspection_key="0123456789",
        rollout_key="0123456789",
        attempts=2,
    ),
)
_RETRAIN_POLICY = RetrainPolicyStatus(
    observed_generation=3,
    conditions=[_condition("Ready"), _condition("DriftConfirmed")],
    drift=DriftStatus(
        rows=1000,
        window_seconds=86400,
        revision=_NAME,
        worst_features=[
            FeatureDrift(name="rain", kind="Feature", psi="0.31", noise_floor="0.02", p_value="1e-12")
        ],
    ),
    performance=PerformanceStatus(
        metric="accuracy",
        revision=_NAME,
        baseline="0.912",
        baseline_source="Package",
        current="0.871",
        labels=4200,
        evidence="1.0",
        verdict="Degraded",
        slices=[
            SlicePerformance(
                name="age",
                value="3",
                baseline="0.901",
                current="0.788",
                labels=310,
                evidence="0.8",
                verdict="WithinTolerance",
            )
        ],
    ),
    triggers=[
        TriggerStatus(
            type="Drift", last_fired_time=_TIME, last_suppressed_time=_TIME, suppressed_reason="Cooldown"
        )
    ],
    data=DataStatus(
        uri="s3://data/bikes",
        digest=_DIGEST,
        trained_digest=_DIGEST,
        objects=12,
        total_bytes=5 * 1024**3,
        newest_time=_TIME,
        changed_time=_TIME,
        failure=LookFailure(
            reason="DataNotFound", message="There is nothing.", attempts=2, time=_TIME, job="bikes-look-1"
        ),
    ),
    code=CodeStatus(digest="0123456789", trained_digest="9876543210", changed_time=_TIME),
    alert=AlertStatus(
        recent=[
            AlertRecord(
                fingerprint="0a1b2c3d4e5f6071",
                starts_at="2026-01-31T11:58:00.123456Z",
                name="ManyErrors",
                received_time=_TIME,
                state="Answered",
            )
        ]
        * 64,
        forgotten_until="2026-01-30T11:58:00.123456Z",
    ),
    signal=SignalStatus(
        key="0123456789",
        is_raised=True,
        value="0.71",
        changed_time=_TIME,
        is_answered=True,
        failure=SignalFailure(reason="SignalTimeout", message="No answer within 5 s.", time=_TIME),
    ),
    last_run=RunReference(
        name="bikes-drift-0a1b2c3d4e",
        trigger="Drift",
        reason="rain moved",
        evidence={"psi": "0.31"},
        intent_time=_TIME,
        created=True,
    ),
    run_times=[_TIME, _TIME],
    next_schedule_time=_TIME,
    last_schedule_time=_TIME,
    budget=RunBudget(used=2, limit=10),
)
_RETRAIN_RUN = RetrainRunStatus(
    observed_generation=1,
    conditions=[_condition("Ready"), _condition("Promoted")],
    model_deployment="bikes",
    job="bikes-drift-0a1b2c3d4e",
    start_time=_TIME,
    completion_time=_TIME,
    champion=Champion(revision=_NAME, digest=_DIGEST, uri="s3://models/bikes/1"),
    candidate=Candidate(
        digest=_DIGEST,
        uri=f"s3://models/bikes/{'0' * 64}/",
        credentials_secret_name="store",
        size_bytes=3 * 1024**3,
        profile_hash="0123456789abcdef",
    ),
    data_digest=_DIGEST,
    trainer_image_digest=_DIGEST,
    evaluation=Evaluation(
        holdout_rows=1344,
        signature="Identical",
        metrics=[
            CheckOutcome(
                metric="mae",
                slice="season=winter",
                note="no gap",
                champion="76.1",
                candidate="33.2",
                regression="-42.9",
                regression_low="-48",
                regression_high="-39",
                threshold="maxRegression 0",
                outcome="Pass",
            )
        ],
        left_out=3,
        verdict="Pass",
    ),
    accepted_time=_TIME,
)

STATUSES = [
    pytest.param(ModelDeploymentStatus(observed_generation=1), id="ModelDeployment-empty"),
    pytest.param(_MODEL_DEPLOYMENT, id="ModelDeployment-full"),
    pytest.param(RetrainPolicyStatus(observed_generation=1), id="RetrainPolicy-empty"),
    pytest.param(_RETRAIN_POLICY, id="RetrainPolicy-full"),
    pytest.param(RetrainRunStatus(observed_generation=1), id="RetrainRun-empty"),
    pytest.param(_RETRAIN_RUN, id="RetrainRun-full"),
]
