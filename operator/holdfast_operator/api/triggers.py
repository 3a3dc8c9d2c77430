"""Triggers of a RetrainPolicy: what starts a run, and what became of each."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.decision_rules import (
    CRON_RULE,
    SEVERE_ABOVE_TOLERANCE_RULE,
    SEVERE_RULE,
    TOLERANCE_RULE,
)
from holdfast_operator.api.outside_triggers import AlertTrigger, CodeTrigger, DataTrigger, SignalTrigger
from holdfast_operator.api.performance import PerformanceTrigger
from holdfast_operator.api.resource import ApiModel, Decimal, Time, Word
from holdfast_operator.api.validation_rule import matches, rule, validated_by

TriggerType = Literal["Drift", "Performance", "Schedule", "Data", "Code", "Alert", "Signal", "Manual"]
"""What can start a run. A RetrainRun that a person makes is Manual."""

FeatureName = Annotated[str, Field(min_length=1, max_length=128)]


class DriftTrigger(ApiModel):
    """Retrain when what the servers see diverges from the profile by more than the tolerance."""

    model_config = ConfigDict(json_schema_extra=validated_by(SEVERE_ABOVE_TOLERANCE_RULE))

    tolerance: Decimal = Field(
        default="0.1",
        json_schema_extra=validated_by(TOLERANCE_RULE),
        description="Divergence (population stability index) that does no harm; above it counts.",
    )
    severe: Decimal | None = Field(
        default=None,
        json_schema_extra=validated_by(SEVERE_RULE),
        description="Divergence from which a shorter window than windowSeconds is enough; unset: none is.",
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
    performance: PerformanceTrigger | None = Field(
        default=None, description="Retrain when labels say that the model has become worse."
    )
    schedule: ScheduleTrigger | None = Field(default=None, description="Retrain at fixed times.")
    data: DataTrigger | None = Field(default=None, description="Retrain when the data has changed.")
    code: CodeTrigger | None = Field(
        default=None, description="Retrain when spec.trainer or spec.workload has changed."
    )
    alert: AlertTrigger | None = Field(
        default=None, description="Retrain when Alertmanager reports an alert of this namespace."
    )
    signal: SignalTrigger | None = Field(
        default=None, description="Retrain when a figure that another tool answers is out of bounds."
    )


class TriggerStatus(ApiModel):
    """What a trigger did last."""

    type: TriggerType
    last_fired_time: Time | None = None
    last_suppressed_time: Time | None = None
    suppressed_reason: Word | None = None
