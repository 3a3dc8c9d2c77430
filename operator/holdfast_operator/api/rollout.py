"""Rollout of a ModelDeployment: how a new revision replaces the old one, and what it is judged on."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast_operator.api.gateway import Traffic
from holdfast_operator.api.resource import ApiModel, Decimal, Word
from holdfast_operator.api.step_query import BY_NAME, StepQuery
from holdfast_operator.api.validation_rule import rule, validated_by

_BY_METRIC: Final[JsonDict] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["metric"]}
_NEEDS_MAX: Final = "['predictionShift', 'disagreement']"
_NEEDS_REGRESSION: Final = "['featureHealth', 'labelledLoss']"
_MIRRORS: Final = "(has(self.shadow) || (has(self.strategy) && self.strategy == 'Shadow'))"
_JUDGES_DISAGREEMENT: Final = (
    "has(self.analysis) && has(self.analysis.checks) && "
    "self.analysis.checks.exists(c, has(c.metric) && c.metric == 'disagreement')"
)

Percent = Annotated[int, Field(ge=1, le=99)]

CHECK_RULES: Final = (
    rule(
        f"!(self.metric in {_NEEDS_MAX}) || (has(self.max) && !has(self.maxRegression))",
        "max must be set, and maxRegression must not: predictionShift and disagreement compare with the "
        "champion already",
    ),
    rule(
        f"!(self.metric in {_NEEDS_REGRESSION}) || (has(self.maxRegression) && !has(self.max))",
        "maxRegression must be set, and max must not: featureHealth and labelledLoss only mean something "
        "beside the champion's",
    ),
    rule(
        "has(self.max) || has(self.maxRegression)",
        "max or maxRegression must be set: without a bound there is nothing to check",
    ),
)
STEPS_RULE: Final = rule(
    "!has(self.steps) || !(has(self.stepWeightPercent) || has(self.maxWeightPercent))",
    "steps lists all weights: leave out stepWeightPercent and maxWeightPercent, or leave out steps",
)
ROLLOUT_RULES: Final = (
    rule(
        "!has(self.canary) || (has(self.strategy) && self.strategy == 'Canary')",
        "canary applies to strategy Canary only: set strategy to Canary or remove canary",
        ".canary",
    ),
    rule(
        "!has(self.shadow) || (has(self.strategy) && self.strategy != 'RollingUpdate')",
        "shadow applies to the strategies Shadow, Canary and BlueGreen: with RollingUpdate new pods answer "
        "as soon as they are ready",
        ".shadow",
    ),
    rule(
        "!has(self.promotion) || self.promotion != 'Manual' || "
        "(has(self.strategy) && self.strategy != 'RollingUpdate')",
        "promotion Manual needs the strategy Shadow, Canary or BlueGreen: with RollingUpdate new pods answer "
        "as soon as they are ready",
        ".promotion",
    ),
    rule(
        "!has(self.maxSurge) || !has(self.strategy) || self.strategy in ['RollingUpdate', 'Canary']",
        "maxSurge applies to the strategies RollingUpdate and Canary: BlueGreen and Shadow need all pods of "
        "both revisions",
        ".maxSurge",
    ),
    rule(
        f"!({_JUDGES_DISAGREEMENT}) || {_MIRRORS}",
        "the check disagreement needs mirrored requests: set shadow, or remove the check",
        ".analysis",
    ),
)


class StepCheck(ApiModel):
    """One thing that a step is judged on: the candidate beside the champion over the same time."""

    model_config = ConfigDict(json_schema_extra=validated_by(*CHECK_RULES))

    metric: Literal[
        "errorRate",
        "latencyP95Milliseconds",
        "predictionShift",
        "disagreement",
        "featureHealth",
        "labelledLoss",
    ] = Field(
        description="errorRate: share of requests answered 4xx or 5xx. predictionShift: divergence (PSI) of "
        "the predictions, the largest of all outputs. disagreement: share of mirrored rows that differ. "
        "featureHealth: share of missing, out-of-range or unseen values, of the worst feature. labelledLoss: "
        "share of wrong classes, or mean absolute error, of rows whose labels came back; not judged without.",
    )
    max: Decimal | None = Field(default=None, description="Upper bound of the candidate's value.")
    max_regression: Decimal | None = Field(
        default=None,
        description="How much worse than the champion the candidate may be, in the metric's unit.",
    )


DEFAULT_CHECKS: Final = (
    StepCheck(metric="errorRate", max_regression="0.02"),
    StepCheck(metric="latencyP95Milliseconds", max_regression="50"),
)


class Analysis(ApiModel):
    """When and on what a step is judged: Pass goes on, Fail goes back, Inconclusive waits."""

    interval_seconds: int = Field(
        default=300, ge=5, le=86400, description="A step is judged every so many seconds."
    )
    max_intervals: int = Field(
        default=6, ge=1, le=100, description="How often, until a person is asked to promote or give up."
    )
    min_samples: int = Field(
        default=200,
        ge=20,
        le=10_000_000,
        description="Requests of candidate and champion each, below which nothing is decided.",
    )
    failure_threshold: int = Field(
        default=1, ge=1, le=10, description="Failed judgements of a step that end the rollout."
    )
    checks: list[StepCheck] = Field(
        default_factory=list,
        max_length=6,
        json_schema_extra=_BY_METRIC,
        description="All must pass; empty: errorRate with maxRegression 0.02, and latencyP95Milliseconds "
        "with maxRegression 50.",
    )
    queries: list[StepQuery] = Field(
        default_factory=list,
        max_length=6,
        json_schema_extra=BY_NAME,
        description="Figures of the operator's Prometheus that must be within their bounds, too.",
    )

    @property
    def effective_checks(self) -> tuple[StepCheck, ...]:
        """The checks of the spec, or else the usual ones."""
        return tuple(self.checks) or DEFAULT_CHECKS


class Canary(ApiModel):
    """Shares of the requests that the candidate gets before it takes over."""

    model_config = ConfigDict(json_schema_extra=validated_by(STEPS_RULE))

    steps: list[Percent] | None = Field(
        default=None, min_length=1, max_length=20, description="Weights in percent, one after the other."
    )
    step_weight_percent: Percent | None = Field(
        default=None, description="Instead of steps: the first weight, and by how much it grows; default 10."
    )
    max_weight_percent: Percent | None = Field(
        default=None, description="Instead of steps: the last weight before promotion; default 50."
    )

    @property
    def weights(self) -> tuple[int, ...]:
        """Weights of the steps in percent."""
        if self.steps is not None:
            return tuple(self.steps)
        step, last = self.step_weight_percent or 10, self.max_weight_percent or 50
        return (*range(step, last, step), last)


class Shadow(ApiModel):
    """Copies of answered requests that the candidate gets, and whose answers nobody sees."""

    percent: int = Field(default=100, ge=1, le=100, description="Share of requests that are copied.")


class ProbationTerms(ApiModel):
    """How long the old revision is kept after a promotion, for a failing check to go back to it."""

    seconds: int = Field(ge=10, le=604800, description="How long.")
    standby_percent: int = Field(
        default=100, ge=1, le=100, description="How many of its pods stay, rounded up."
    )


class Rollout(ApiModel):
    """How a new revision replaces the old one."""

    model_config = ConfigDict(json_schema_extra=validated_by(*ROLLOUT_RULES))

    strategy: Literal["RollingUpdate", "BlueGreen", "Canary", "Shadow"] = Field(
        default="RollingUpdate",
        description="RollingUpdate: new pods answer as they become ready. BlueGreen: all requests change "
        "over at once. Canary: step by step, each step judged. Shadow: judged on copies, then all at once.",
    )
    canary: Canary | None = Field(
        default=None, description="Shares of the requests that the candidate gets before it takes over."
    )
    shadow: Shadow | None = Field(
        default=None,
        description="Copies of requests for the candidate, judged before anything else; pods of the stable "
        "revision roll once when this is set or removed.",
    )
    analysis: Analysis | None = Field(
        default=None, description="When and on what each step is judged; unset: with all defaults."
    )
    promotion: Literal["Automatic", "Manual"] = Field(
        default="Automatic", description="Manual: after the last step a person has to promote."
    )
    max_surge: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Pods beyond server.replicas during a rollout; unset: as many as needed. 0, for scarce "
        "GPUs: the candidate replaces pods one by one; a single pod is replaced with a surge of 1.",
    )
    probation: ProbationTerms | None = Field(
        default=None, description="How long the old revision is kept after a promotion; unset: not at all."
    )
    progress_deadline_seconds: int = Field(
        default=600, ge=10, le=86400, description="A revision that is not ready by then is given up."
    )
    traffic: Traffic | None = Field(
        default=None,
        description="How requests are divided between two revisions; unset: by their numbers of pods.",
    )

    @property
    def judged_by(self) -> Analysis:
        """When and on what each step is judged."""
        return self.analysis or Analysis()

    @property
    def canary_weights(self) -> tuple[int, ...]:
        """Weights of a canary's steps in percent."""
        return (self.canary or Canary()).weights

    @property
    def mirrors(self) -> bool:
        """Whether candidates get copies of requests first."""
        return self.shadow is not None or self.strategy == "Shadow"


class StepResult(ApiModel):
    """What one check of a step said last, with its numbers, rounded."""

    metric: Word
    champion: Word | None = None
    candidate: Word | None = None
    low: Word | None = Field(default=None, description="Of the interval of what the bound applies to.")
    high: Word | None = None
    threshold: Word = Field(description="The bound in words, such as maxRegression 0.02.")
    samples: Word | None = Field(default=None, description="Requests or rows of the candidate.")
    outcome: Literal["Pass", "Fail", "Inconclusive", "Skipped"]
    message: str = Field(default="", max_length=512)


StepResults = Annotated[list[StepResult], Field(max_length=16)]
