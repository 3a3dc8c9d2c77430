"""The gate of a RetrainPolicy: what a candidate must fulfil to be rolled out."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast.gate_terms import GateTerms
from holdfast_operator.api.gate_rules import GATE_CHECK_RULES, OVERLAP_RULE, unique
from holdfast_operator.api.resource import ApiModel, Decimal
from holdfast_operator.api.validation_rule import validated_by


class GateSlice(ApiModel):
    """Rows of the holdout by their value in one slice column, each value judged on its own."""

    column: str = Field(
        min_length=1, max_length=128, description="NAME of an array slice:NAME of the trainer's holdout."
    )
    values: list[Annotated[str, Field(max_length=128)]] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        json_schema_extra=validated_by(unique("values")),
        description="Values that are judged; default: all, the 20 with the most rows if there are more.",
    )
    min_rows: int = Field(
        default=100, ge=30, le=1000000, description="A value with fewer rows is Inconclusive."
    )


class GateCheck(ApiModel):
    """One requirement on the candidate; exactly the bounds that are set are checked."""

    model_config = ConfigDict(json_schema_extra=validated_by(*GATE_CHECK_RULES))

    metric: Literal[
        "mae",
        "rmse",
        "r2",
        "ndcgAt10",
        "accuracy",
        "balancedAccuracy",
        "f1",
        "auc",
        "logLoss",
        "brier",
        "selectionRate",
        "truePositiveRate",
        "falsePositiveRate",
        "demographicParityDifference",
        "equalizedOddsDifference",
        "latencyP95Milliseconds",
        "packageBytes",
    ] = Field(description="What is measured on the holdout.")
    slice: GateSlice | None = Field(
        default=None, description="Judge each value of a slice column on its own; default: all rows."
    )
    max_regression: Decimal | None = Field(
        default=None,
        description="How much worse than the champion the candidate may be, with 95 % confidence.",
    )
    max: Decimal | None = Field(default=None, description="Upper bound of the candidate's value.")
    min: Decimal | None = Field(default=None, description="Lower bound of the candidate's value.")
    max_gap: Decimal | None = Field(
        default=None,
        description="How far apart the candidate's values of two slices may be, with 95 % confidence.",
    )
    max_gap_increase: Decimal | None = Field(
        default=None,
        description="How much wider that gap may be than the champion's, with 95 % confidence.",
    )


class Gate(ApiModel):
    """What a candidate must fulfil to be rolled out."""

    checks: list[GateCheck] = Field(
        default_factory=list, max_length=16, description="All must pass; empty: every candidate passes."
    )
    signature: Literal["Identical", "Compatible"] = Field(
        default="Compatible", description="How the candidate's inputs and outputs compare to the champion's."
    )
    max_holdout_overlap: Decimal = Field(
        default="0.01",
        json_schema_extra=validated_by(OVERLAP_RULE),
        description="Share of holdout rows that may be among the training rows, where the trainer gives "
        "those.",
    )

    def terms(self) -> GateTerms:
        """Return the gate as both sides apply it."""
        return GateTerms.model_validate(self.model_dump(by_alias=True, exclude_none=True))
