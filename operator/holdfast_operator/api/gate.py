"""The gate of a RetrainPolicy: what a candidate must fulfil to be rolled out."""

from typing import Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.decision_rules import GATE_CHECK_RULES
from holdfast_operator.api.resource import ApiModel, Decimal
from holdfast_operator.api.validation_rule import validated_by


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
