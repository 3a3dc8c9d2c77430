"""Triggers that look beyond the model: at its data, its trainer, alerts and what other tools measure."""

from typing import Annotated

from pydantic import ConfigDict, Field

from holdfast_operator.api.model_uri import CREDENTIALS_RULE, WATCHED_RULES
from holdfast_operator.api.outside_rules import (
    ALERT_LABELS_RULE,
    JSON_PATH_RULE,
    SIGNAL_BOUND_RULE,
    SIGNAL_URL_RULE,
)
from holdfast_operator.api.resource import ApiModel, Decimal, LabelKey, ObjectName, Uri
from holdfast_operator.api.validation_rule import validated_by

AlertLabels = Annotated[
    dict[LabelKey, Annotated[str, Field(max_length=256)]],
    Field(
        min_length=1,
        max_length=16,
        json_schema_extra=validated_by(ALERT_LABELS_RULE) | {"x-kubernetes-map-type": "atomic"},
    ),
]


class DataTrigger(ApiModel):
    """Retrain when the data has changed."""

    model_config = ConfigDict(json_schema_extra=validated_by(CREDENTIALS_RULE))

    uri: Uri = Field(
        json_schema_extra=validated_by(*WATCHED_RULES),
        description="s3://BUCKET/PREFIX, https://HOST/FILE or pvc://CLAIM/PATH; of a .dvc file or a dvc.lock "
        "what it records counts.",
    )
    check_interval_seconds: int = Field(
        default=600, ge=10, le=604800, description="Pause between two looks; each is a small Job."
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None, description="Secret of this namespace to read there; its form is that of spec.model."
    )


class CodeTrigger(ApiModel):
    """Retrain when spec.trainer has changed since the last run."""


class AlertTrigger(ApiModel):
    """Retrain when Alertmanager reports an alert of this namespace."""

    match_labels: AlertLabels = Field(
        description="Labels that the alert must have, beside namespace: that of the policy."
    )
    expire_seconds: int = Field(
        default=3600,
        ge=60,
        le=2592000,
        description="An alert that could not start a run within this time after it came is dropped.",
    )


class SignalTrigger(ApiModel):
    """Retrain when a figure that another tool answers over HTTP is out of bounds."""

    model_config = ConfigDict(json_schema_extra=validated_by(SIGNAL_BOUND_RULE))

    url: str = Field(
        min_length=9,
        max_length=1024,
        json_schema_extra=validated_by(SIGNAL_URL_RULE),
        description="Where JSON is answered: a Service of this namespace, http://NAME.NAMESPACE.svc, "
        "or a host that the administrator allows.",
    )
    path: str = Field(
        min_length=1,
        max_length=256,
        json_schema_extra=validated_by(JSON_PATH_RULE),
        description="JMESPath of the figure in the answer, such as metrics[0].result.drift_share.",
    )
    above: Decimal | None = Field(default=None, description="Fires when the figure is greater.")
    below: Decimal | None = Field(default=None, description="Fires when the figure is smaller.")
    equals: Annotated[str, Field(max_length=256)] | None = Field(
        default=None, description='Fires when the value is this text, or "true" or "false".'
    )
    consecutive: int = Field(
        default=3, ge=1, le=100, description="Answers in a row before it counts, in either direction."
    )
    check_interval_seconds: int = Field(default=60, ge=5, le=86400, description="Pause between two requests.")
    timeout_seconds: int = Field(default=5, ge=1, le=30, description="Longest wait for an answer.")
