"""RetrainRun: one run, its evidence and its verdict."""

from typing import Literal

from pydantic import Field

from holdfast_operator.api.resource import ApiModel, Condition, Digest, ObjectMetadata
from holdfast_operator.api.retrain_policy import LocalReference


class RunTrigger(ApiModel):
    """Why the run was started."""

    type: Literal["Drift", "Schedule", "Manual"] = "Manual"
    reason: str = Field(default="", max_length=1024)
    evidence: dict[str, str] = Field(default_factory=dict, max_length=32)


class RetrainRunSpec(ApiModel):
    """Which policy to follow, and why; immutable."""

    policy_ref: LocalReference
    trigger: RunTrigger = RunTrigger()


class Candidate(ApiModel):
    """The published package that the run made."""

    digest: Digest
    uri: str
    credentials_secret_name: str | None = None
    size_bytes: int = 0
    profile_hash: str | None = None


class Champion(ApiModel):
    """The revision that the candidate was judged against."""

    revision: str
    digest: Digest
    uri: str


class CheckOutcome(ApiModel):
    """One gate check with its numbers, rounded."""

    metric: str
    champion: str | None = None
    candidate: str
    regression: str | None = None
    regression_low: str | None = None
    regression_high: str | None = None
    threshold: str = Field(description="The bound in words, such as max 45 or maxRegression 0.")
    outcome: Literal["Pass", "Fail", "Inconclusive"]


class Evaluation(ApiModel):
    """Champion and candidate on the same holdout."""

    holdout_rows: int
    signature: str
    metrics: list[CheckOutcome] = Field(default_factory=list, max_length=32)
    verdict: Literal["Pass", "Fail", "Inconclusive"]


class RetrainRunStatus(ApiModel):
    """How far the run is, and what came out."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: list[Condition] = Field(default_factory=list, max_length=16)
    job: str | None = None
    start_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    completion_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    champion: Champion | None = None
    candidate: Candidate | None = None
    data_digest: str | None = None
    evaluation: Evaluation | None = None
    accepted_time: str | None = Field(
        default=None,
        json_schema_extra={"format": "date-time"},
        description="The gate passed: the ModelDeployment is to serve the candidate.",
    )


class RetrainRun(ApiModel):
    """One run, its evidence and its verdict."""

    metadata: ObjectMetadata
    spec: RetrainRunSpec
    status: RetrainRunStatus = RetrainRunStatus()
