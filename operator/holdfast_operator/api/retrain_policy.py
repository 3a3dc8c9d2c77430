"""RetrainPolicy: when and how to retrain the model of a ModelDeployment."""

from typing import Literal

from pydantic import Field

from holdfast_operator.api.model_deployment import ResourceAmounts, Toleration
from holdfast_operator.api.resource import ApiModel, Condition, Decimal, Name, ObjectMetadata


class LocalReference(ApiModel):
    """A reference to an object of the same namespace."""

    name: Name


class DriftTrigger(ApiModel):
    """Retrain when what the servers see diverges from the profile by more than the tolerance."""

    tolerance: Decimal = Field(
        default="0.1",
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
    features: list[str] = Field(
        default_factory=list, max_length=256, description="Features and outputs to watch; empty: all."
    )


class ScheduleTrigger(ApiModel):
    """Retrain at fixed times."""

    cron: str = Field(min_length=9, max_length=128, description="Five cron fields.")
    time_zone: str = Field(default="Etc/UTC", max_length=64, description="IANA time zone.")


class Triggers(ApiModel):
    """What starts a run; a RetrainRun made by a person always does."""

    drift: DriftTrigger | None = None
    schedule: ScheduleTrigger | None = None


class Limits(ApiModel):
    """Bounds on how often and how long to retrain."""

    cooldown_seconds: int = Field(default=86400, ge=0, le=2592000, description="Pause after a run ended.")
    max_runs_per_30_days: int = Field(default=10, ge=1, le=1000, alias="maxRunsPer30Days")
    active_deadline_seconds: int = Field(
        default=3600, ge=10, le=604800, description="A run's longest duration."
    )
    backoff_limit: int = Field(default=2, ge=0, le=10, description="Retries of a failing training pod.")


class EnvVar(ApiModel):
    """An environment variable with a plain value."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)
    value: str = Field(default="", max_length=4096)


class Trainer(ApiModel):
    """The container that trains; see the training contract."""

    image: str = Field(min_length=1, max_length=512)
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    command: list[str] = Field(default_factory=list, max_length=64)
    args: list[str] = Field(default_factory=list, max_length=64)
    env: list[EnvVar] = Field(default_factory=list, max_length=64)
    resources: ResourceAmounts = ResourceAmounts(
        requests={"cpu": "500m", "memory": "512Mi"}, limits={"cpu": "2", "memory": "4Gi"}
    )
    node_selector: dict[str, str] = Field(default_factory=dict, max_length=16)
    tolerations: list[Toleration] = Field(default_factory=list, max_length=16)
    data_uri: str | None = Field(
        default=None, max_length=1024, description="Given to the trainer as HOLDFAST_DATA_URI."
    )
    credentials_secret_name: Name | None = Field(
        default=None, description="Secret whose keys become the trainer's environment, to read the data."
    )


class GateCheck(ApiModel):
    """One requirement on the candidate; exactly the bounds that are set are checked."""

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
    ]
    max_regression: Decimal | None = Field(
        default=None,
        description="How much worse than the champion the candidate may be, with 95 % confidence.",
    )
    max: Decimal | None = Field(default=None, description="Upper bound of the candidate's value.")
    min: Decimal | None = Field(default=None, description="Lower bound of the candidate's value.")


class Gate(ApiModel):
    """What a candidate must fulfil to be rolled out."""

    checks: list[GateCheck] = Field(default_factory=list, max_length=16)
    signature: Literal["Identical", "Compatible"] = "Compatible"


class Output(ApiModel):
    """Where candidate packages are kept."""

    uri: str = Field(min_length=1, max_length=1024, description="s3://BUCKET/PREFIX or pvc://CLAIM/PATH.")
    credentials_secret_name: Name | None = None


class RetrainPolicySpec(ApiModel):
    """When to retrain, how, and what a candidate must fulfil."""

    model_deployment_ref: LocalReference
    triggers: Triggers = Triggers()
    limits: Limits = Limits()
    trainer: Trainer
    gate: Gate = Gate()
    output: Output
    history_limit: int = Field(default=10, ge=1, le=100, description="Finished RetrainRuns that are kept.")
    suspend: bool = Field(default=False, description="No trigger starts a run.")


class FeatureDrift(ApiModel):
    """How far one feature or output has moved; rounded, written only on change."""

    name: str
    kind: Literal["Feature", "Output"]
    psi: Decimal = Field(description="Debiased population stability index.")
    noise_floor: Decimal = Field(description="What the index averages when nothing has changed.")
    p_value: str = Field(description="Probability of such a divergence if it were within the tolerance.")


class DriftStatus(ApiModel):
    """The last drift decision and its numbers."""

    rows: int = 0
    window_seconds: int = 0
    revision: str = ""
    worst_features: list[FeatureDrift] = Field(default_factory=list, max_length=5)


class TriggerStatus(ApiModel):
    """What a trigger did last."""

    type: Literal["Drift", "Schedule", "Manual"]
    last_fired_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    last_suppressed_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    suppressed_reason: str | None = None


class RunReference(ApiModel):
    """The run that was started last: the intent is written before the run is made."""

    name: Name
    trigger: Literal["Drift", "Schedule", "Manual"]
    reason: str = Field(default="", max_length=1024)
    evidence: dict[str, str] = Field(default_factory=dict, max_length=32)
    intent_time: str = Field(json_schema_extra={"format": "date-time"})
    created: bool = Field(default=False, description="The RetrainRun exists (or existed).")


class RunBudget(ApiModel):
    """Runs within the last 30 days."""

    used: int = 0
    limit: int = 0


class RetrainPolicyStatus(ApiModel):
    """What drift was seen, what fired, and what was suppressed and why."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: list[Condition] = Field(default_factory=list, max_length=16)
    drift: DriftStatus | None = None
    triggers: list[TriggerStatus] = Field(default_factory=list, max_length=8)
    last_run: RunReference | None = None
    run_times: list[str] = Field(
        default_factory=list, max_length=1000, description="Starts in the last 30 days."
    )
    next_schedule_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    last_schedule_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    budget: RunBudget = RunBudget()


class RetrainPolicy(ApiModel):
    """When and how to retrain the model of a ModelDeployment."""

    metadata: ObjectMetadata
    spec: RetrainPolicySpec
    status: RetrainPolicyStatus = RetrainPolicyStatus()
