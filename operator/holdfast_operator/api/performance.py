"""The performance trigger of a RetrainPolicy, and what labels have said about the model."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.resource import ApiModel, Decimal, Word
from holdfast_operator.api.validation_rule import matches, rule, validated_by

_SHARE = "^(0([.][0-9]{1,9})?|1([.]0{1,9})?)$"
_AMOUNT = "^[0-9]{1,12}([.][0-9]{1,9})?$"


def _in_form(field: str, pattern: str, bounds: str) -> str:
    """Return that FIELD, if it is set, has the form and the bounds."""
    return f"(!has(self.{field}) || ({matches(f'self.{field}', pattern)} && {bounds}))"


PERFORMANCE_RULES = (
    rule(
        "self.metric == 'mae' || (has(self.maxDrop) && !has(self.maxIncrease))",
        "accuracy takes maxDrop and not maxIncrease: it gets worse when it falls",
    ),
    rule(
        "self.metric == 'accuracy' || (has(self.maxIncrease) && !has(self.maxDrop))",
        "mae takes maxIncrease and not maxDrop: it gets worse when it grows",
    ),
    rule(
        _in_form("maxDrop", _SHARE, "double(self.maxDrop) > 0.0 && double(self.maxDrop) < 1.0"),
        'maxDrop must be a share above 0 and below 1: write "0.02" for two points',
        ".maxDrop",
    ),
    rule(
        _in_form("maxIncrease", _AMOUNT, "double(self.maxIncrease) > 0.0"),
        "maxIncrease must be a decimal above 0, in the label's units",
        ".maxIncrease",
    ),
    rule(
        "self.metric == 'mae' || " + _in_form("baseline", _SHARE, "double(self.baseline) > 0.0"),
        'baseline of accuracy must be a share above 0: write "0.9" for 90 %',
        ".baseline",
    ),
    rule(
        "self.metric == 'accuracy' || " + _in_form("baseline", _AMOUNT, "true"),
        "baseline of mae must be a decimal of at least 0, in the label's units",
        ".baseline",
    ),
)
SliceName = Annotated[str, Field(min_length=1, max_length=128)]
BaselineSource = Literal["Spec", "Package", "FirstLabels"]
PerformanceVerdict = Literal["NotEnoughLabels", "WithinTolerance", "Degraded"]


class PerformanceTrigger(ApiModel):
    """Retrain when labels that came back say that the model has become worse than tolerated."""

    model_config = ConfigDict(json_schema_extra=validated_by(*PERFORMANCE_RULES))

    metric: Literal["accuracy", "mae"] = Field(
        description="accuracy: the share of right classes; mae: the mean absolute error of a number."
    )
    max_drop: Decimal | None = Field(
        default=None, description="How far accuracy may fall below the baseline; 0.02 is two points."
    )
    max_increase: Decimal | None = Field(
        default=None, description="How far mae may rise above the baseline, in the label's units."
    )
    baseline: Decimal | None = Field(
        default=None,
        description="What the metric should be; unset: that of the package's report, else that of the "
        "revision's first minSamples labels.",
    )
    min_samples: int = Field(
        default=500, ge=30, le=10_000_000, description="Labels below which nothing is decided."
    )
    window_seconds: int = Field(
        default=604800,
        ge=5,
        le=7776000,
        description="All is well only with minSamples labels of the last so many seconds.",
    )
    max_false_retrains_per_30_days: int = Field(
        default=1, ge=1, le=30, alias="maxFalseRetrainsPer30Days", description="Budget of false alarms."
    )
    slices: list[SliceName] = Field(
        default_factory=list,
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Of the ModelDeployment's spec.server.feedback.slices, those to watch; empty: all.",
    )


class PerformanceFigures(ApiModel):
    """Labels of one group of rows; rounded, written only on change."""

    baseline: Word | None = Field(default=None, description="What the metric is compared with.")
    current: Word | None = Field(default=None, description="The metric of the labels of the window.")
    labels: int = Field(
        default=0, json_schema_extra={"format": "int64"}, description="Labelled rows of the window."
    )
    evidence: Decimal = Field(
        default="0.0", description="Share of the evidence that an alarm takes; 1 is an alarm."
    )
    verdict: PerformanceVerdict = "NotEnoughLabels"


class SlicePerformance(PerformanceFigures):
    """The rows of one bin or category of a feature."""

    name: Word = Field(description="The feature.")
    value: Word = Field(description="Number of its bin or category in the profile, or missing.")


class PerformanceStatus(PerformanceFigures):
    """What labels say about the stable revision; the slices with most evidence first."""

    metric: Word
    revision: Word = ""
    baseline_source: BaselineSource | None = None
    slices: list[SlicePerformance] = Field(default_factory=list, max_length=10)
