"""RetrainPolicy: when and how to retrain the model of a ModelDeployment."""

from typing import Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.approval import Approval
from holdfast_operator.api.audit import AuditHead
from holdfast_operator.api.gate import Gate
from holdfast_operator.api.model_uri import CREDENTIALS_RULE, OUTPUT_RULES
from holdfast_operator.api.performance import PerformanceStatus
from holdfast_operator.api.resource import (
    ApiModel,
    Conditions,
    Decimal,
    Name,
    ObjectMetadata,
    ObjectName,
    Text,
    Time,
    Uri,
    Word,
)
from holdfast_operator.api.trainer import EnvVar as EnvVar
from holdfast_operator.api.trainer import Trainer as Trainer
from holdfast_operator.api.trigger_statuses import AlertStatus, CodeStatus, DataStatus, SignalStatus
from holdfast_operator.api.triggers import Triggers, TriggerStatus, TriggerType
from holdfast_operator.api.validation_rule import (
    NAME_IN_LABELS_RULE,
    rule,
    validated_by,
)
from holdfast_operator.api.workload import Workload

_ENGINE_RULE = rule(
    "has(self.trainer) != has(self.workload)",
    "spec must have either trainer or workload: a container in a Job, or another engine's workload",
    ".trainer",
)


class LocalReference(ApiModel):
    """A reference to an object of the same namespace."""

    name: Name = Field(description="Name of an object of the same namespace.")


class Limits(ApiModel):
    """Bounds on how often and how long to retrain."""

    cooldown_seconds: int = Field(default=86400, ge=0, le=2592000, description="Pause after a run ended.")
    max_runs_per_30_days: int = Field(
        default=10, ge=1, le=1000, alias="maxRunsPer30Days", description="Runs that triggers may start."
    )
    active_deadline_seconds: int = Field(
        default=3600, ge=10, le=604800, description="A run's longest duration."
    )
    backoff_limit: int = Field(default=2, ge=0, le=10, description="Retries of a failing training pod.")
    ttl_seconds_after_finished: int | None = Field(
        default=None,
        ge=0,
        le=31536000,
        description="After a run's end its Job, workload and their pods stay for so long; unset: as long as "
        "the run.",
    )


class Output(ApiModel):
    """Where candidate packages are kept."""

    model_config = ConfigDict(json_schema_extra=validated_by(CREDENTIALS_RULE))

    uri: Uri = Field(
        json_schema_extra=validated_by(*OUTPUT_RULES), description="s3://BUCKET/PREFIX or pvc://CLAIM/PATH."
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None, description="Secret of this namespace to write there; its form is that of spec.model."
    )


class RetrainPolicySpec(ApiModel):
    """When to retrain, how, and what a candidate must fulfil."""

    model_config = ConfigDict(json_schema_extra=validated_by(_ENGINE_RULE))

    model_deployment_ref: LocalReference = Field(
        json_schema_extra=validated_by(
            rule("self == oldSelf", "modelDeploymentRef is immutable: make another RetrainPolicy")
        ),
        description="The ModelDeployment whose model is retrained; immutable.",
    )
    triggers: Triggers = Field(default=Triggers(), description="What starts a run, besides people.")
    limits: Limits = Field(default=Limits(), description="Bounds on how often and how long to retrain.")
    trainer: Trainer | None = Field(
        default=None, description="The container that trains; see the training contract."
    )
    workload: Workload | None = Field(
        default=None, description="Instead of a trainer: the workload of another engine in the cluster."
    )
    gate: Gate = Field(default=Gate(), description="What a candidate must fulfil to be rolled out.")
    approval: Approval = Field(
        default=Approval(), description="Whether a person has to agree before a candidate is rolled out."
    )
    output: Output = Field(description="Where candidate packages are kept.")
    history_limit: int = Field(default=10, ge=1, le=100, description="Finished RetrainRuns that are kept.")
    suspend: bool = Field(default=False, description="No trigger starts a run.")

    @property
    def training(self) -> Trainer | Workload:
        """Whichever of trainer and workload there is.

        Raises:
            ValueError: there is neither; the API server accepts no such policy.
        """
        chosen = self.trainer or self.workload
        if chosen is None:
            raise ValueError("spec has neither trainer nor workload")
        return chosen


class FeatureDrift(ApiModel):
    """How far one feature, output or the residual has moved; rounded, written only on change."""

    name: Word
    kind: Literal["Feature", "Output", "Residual"] = Field(
        description="Residual: what the features' correlations in the reference do not explain."
    )
    psi: Decimal = Field(description="Debiased population stability index.")
    noise_floor: Decimal = Field(description="What the index averages when nothing has changed.")
    p_value: Word = Field(description="Probability of such a divergence if it were within the tolerance.")


class LossEstimate(ApiModel):
    """How wrong the model may be now, judged without labels by what it predicts; never decided by."""

    metric: Literal["mae", "errorRate"]
    value: Decimal = Field(description="Of the window, if each prediction is as wrong as on the holdout.")
    reference: Decimal = Field(description="The same of the profile's rows.")


class DriftStatus(ApiModel):
    """The last drift decision and its numbers."""

    rows: int = 0
    window_seconds: int = 0
    revision: Word = ""
    worst_features: list[FeatureDrift] = Field(default_factory=list, max_length=5)
    estimate: LossEstimate | None = None


class RunReference(ApiModel):
    """The run that was started last: the intent is written before the run is made."""

    name: Name
    trigger: TriggerType
    reason: str = Field(default="", max_length=1024)
    evidence: dict[Word, Text] = Field(default_factory=dict, max_length=32)
    intent_time: Time
    created: bool = Field(default=False, description="The RetrainRun exists (or existed).")


class RunBudget(ApiModel):
    """Runs within the last 30 days."""

    used: int = 0
    limit: int = 0


class RetrainPolicyStatus(ApiModel):
    """What drift was seen, what fired, and what was suppressed and why."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: Conditions = Field(default_factory=list, description="How it stands, by type.")
    drift: DriftStatus | None = None
    performance: PerformanceStatus | None = None
    triggers: list[TriggerStatus] = Field(default_factory=list, max_length=8)
    data: DataStatus | None = None
    code: CodeStatus | None = None
    alert: AlertStatus | None = None
    signal: SignalStatus | None = None
    last_run: RunReference | None = None
    run_times: list[Time] = Field(
        default_factory=list, max_length=1000, description="Starts in the last 30 days."
    )
    next_schedule_time: Time | None = None
    last_schedule_time: Time | None = None
    budget: RunBudget = RunBudget()
    record: AuditHead | None = Field(default=None, description="The last record of the audit chain.")


class RetrainPolicy(ApiModel):
    """When and how to retrain the model of a ModelDeployment."""

    model_config = ConfigDict(json_schema_extra=validated_by(NAME_IN_LABELS_RULE))

    metadata: ObjectMetadata
    spec: RetrainPolicySpec
    status: RetrainPolicyStatus = RetrainPolicyStatus()
