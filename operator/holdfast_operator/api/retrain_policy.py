"""RetrainPolicy: when and how to retrain the model of a ModelDeployment."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.approval import Approval
from holdfast_operator.api.decision_rules import CRON_RULE, GATE_CHECK_RULES, TOLERANCE_RULE
from holdfast_operator.api.model_uri import CREDENTIALS_RULE, OUTPUT_RULES
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
from holdfast_operator.api.validation_rule import (
    NAME_IN_LABELS_RULE,
    matches,
    rule,
    validated_by,
)

FeatureName = Annotated[str, Field(min_length=1, max_length=128)]


class LocalReference(ApiModel):
    """A reference to an object of the same namespace."""

    name: Name = Field(description="Name of an object of the same namespace.")


class DriftTrigger(ApiModel):
    """Retrain when what the servers see diverges from the profile by more than the tolerance."""

    tolerance: Decimal = Field(
        default="0.1",
        json_schema_extra=validated_by(TOLERANCE_RULE),
        description="Divergence (population stability index) that does no harm; above it counts.",
    )
    max_false_retrains_per_30_days: int = Field(
        default=1, ge=1, le=30, alias="maxFalseRetrainsPer30Days", description="Budget of false alarms."
    )
    min_samples: int = Field(
        default=500, ge=200, le=10_000_000, description="Rows below which nothing is decided."
    )
    window_seconds: int = Field(
        default=86400, ge=5, le=2592000, description="Rows of the last so many seconds; choose whole cycles."
    )
    features: list[FeatureName] = Field(
        default_factory=list,
        max_length=256,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Features and outputs to watch; empty: all.",
    )


class ScheduleTrigger(ApiModel):
    """Retrain at fixed times."""

    cron: str = Field(
        min_length=9,
        max_length=128,
        json_schema_extra=validated_by(CRON_RULE),
        description="Minute, hour, day of month, month and day of week.",
    )
    time_zone: str = Field(
        default="Etc/UTC",
        max_length=64,
        json_schema_extra=validated_by(
            rule(
                matches("self", "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"),
                "timeZone must be a name of the IANA time zone database, such as Europe/Berlin",
            )
        ),
        description="IANA time zone of cron.",
    )


class Triggers(ApiModel):
    """What starts a run; a RetrainRun made by a person always does."""

    drift: DriftTrigger | None = Field(
        default=None, description="Retrain when what the servers see diverges from the profile."
    )
    schedule: ScheduleTrigger | None = Field(default=None, description="Retrain at fixed times.")


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


class GateCheck(ApiModel):
    """One requirement on the candidate; exactly the bounds that are set are checked."""

    model_config = ConfigDict(json_schema_extra=validated_by(*GATE_CHECK_RULES))

    metric: Literal[
        "mae",
        "rmse",
        "r2",
        "accuracy",
        "balancedAccuracy",
        "f1",
        "auc",
        "logLoss",
        "latencyP95Milliseconds",
        "packageBytes",
    ] = Field(description="What is measured on the holdout.")
    max_regression: Decimal | None = Field(
        default=None,
        description="How much worse than the champion the candidate may be, with 95 % confidence.",
    )
    max: Decimal | None = Field(default=None, description="Upper bound of the candidate's value.")
    min: Decimal | None = Field(default=None, description="Lower bound of the candidate's value.")


class Gate(ApiModel):
    """What a candidate must fulfil to be rolled out."""

    checks: list[GateCheck] = Field(
        default_factory=list, max_length=16, description="All must pass; empty: every candidate passes."
    )
    signature: Literal["Identical", "Compatible"] = Field(
        default="Compatible", description="How the candidate's inputs and outputs compare to the champion's."
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

    model_deployment_ref: LocalReference = Field(
        json_schema_extra=validated_by(
            rule("self == oldSelf", "modelDeploymentRef is immutable: make another RetrainPolicy")
        ),
        description="The ModelDeployment whose model is retrained; immutable.",
    )
    triggers: Triggers = Field(default=Triggers(), description="What starts a run, besides people.")
    limits: Limits = Field(default=Limits(), description="Bounds on how often and how long to retrain.")
    trainer: Trainer = Field(description="The container that trains; see the training contract.")
    gate: Gate = Field(default=Gate(), description="What a candidate must fulfil to be rolled out.")
    approval: Approval = Field(
        default=Approval(), description="Whether a person has to agree before a candidate is rolled out."
    )
    output: Output = Field(description="Where candidate packages are kept.")
    history_limit: int = Field(default=10, ge=1, le=100, description="Finished RetrainRuns that are kept.")
    suspend: bool = Field(default=False, description="No trigger starts a run.")


class FeatureDrift(ApiModel):
    """How far one feature, output or the residual has moved; rounded, written only on change."""

    name: Word
    kind: Literal["Feature", "Output", "Residual"] = Field(
        description="Residual: what the features' correlations in the reference do not explain."
    )
    psi: Decimal = Field(description="Debiased population stability index.")
    noise_floor: Decimal = Field(description="What the index averages when nothing has changed.")
    p_value: Word = Field(description="Probability of such a divergence if it were within the tolerance.")


class DriftStatus(ApiModel):
    """The last drift decision and its numbers."""

    rows: int = 0
    window_seconds: int = 0
    revision: Word = ""
    worst_features: list[FeatureDrift] = Field(default_factory=list, max_length=5)


class TriggerStatus(ApiModel):
    """What a trigger did last."""

    type: Literal["Drift", "Schedule", "Manual"]
    last_fired_time: Time | None = None
    last_suppressed_time: Time | None = None
    suppressed_reason: Word | None = None


class RunReference(ApiModel):
    """The run that was started last: the intent is written before the run is made."""

    name: Name
    trigger: Literal["Drift", "Schedule", "Manual"]
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
    triggers: list[TriggerStatus] = Field(default_factory=list, max_length=8)
    last_run: RunReference | None = None
    run_times: list[Time] = Field(
        default_factory=list, max_length=1000, description="Starts in the last 30 days."
    )
    next_schedule_time: Time | None = None
    last_schedule_time: Time | None = None
    budget: RunBudget = RunBudget()


class RetrainPolicy(ApiModel):
    """When and how to retrain the model of a ModelDeployment."""

    model_config = ConfigDict(json_schema_extra=validated_by(NAME_IN_LABELS_RULE))

    metadata: ObjectMetadata
    spec: RetrainPolicySpec
    status: RetrainPolicyStatus = RetrainPolicyStatus()
