"""RetrainRun: one run, its evidence and its verdict."""

from typing import Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.approval import ApprovalDecision, ApprovalStatus
from holdfast_operator.api.audit import AuditRecord, Cost
from holdfast_operator.api.resource import (
    ApiModel,
    Conditions,
    Digest,
    ObjectMetadata,
    ObjectName,
    Text,
    Time,
    Uri,
    Word,
)
from holdfast_operator.api.retrain_policy import LocalReference
from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.api.validation_rule import NAME_IN_LABELS_RULE, rule, validated_by

MAX_OUTCOMES = 64

_SPEC_RULES = (
    rule(
        "self.policyRef == oldSelf.policyRef && self.trigger == oldSelf.trigger && "
        "has(self.requester) == has(oldSelf.requester) && "
        "(!has(self.requester) || self.requester == oldSelf.requester)",
        "spec is immutable except for spec.approval: make another RetrainRun",
    ),
    rule(
        "!has(oldSelf.approval) || (has(self.approval) && self.approval == oldSelf.approval)",
        "spec.approval is final: make another RetrainRun",
        ".approval",
    ),
)


class RunTrigger(ApiModel):
    """Why the run was started."""

    type: TriggerType = Field(default="Manual", description="What started the run.")
    reason: str = Field(default="", max_length=1024, description="Why, in a sentence.")
    evidence: dict[Word, Text] = Field(
        default_factory=dict, max_length=32, description="Figures that led to it, by name."
    )


class RetrainRunSpec(ApiModel):
    """Which policy to follow, and why; immutable but for the approval, which is given once."""

    model_config = ConfigDict(json_schema_extra=validated_by(*_SPEC_RULES))

    policy_ref: LocalReference = Field(description="The RetrainPolicy to follow.")
    trigger: RunTrigger = Field(default=RunTrigger(), description="Why the run was started.")
    requester: Text | None = Field(
        default=None,
        min_length=1,
        description="Who started the run by hand: must be the user name under which it is created. Needed "
        "where approval asks for four eyes.",
    )
    approval: ApprovalDecision | None = Field(
        default=None, description="What a person decided about the candidate; final."
    )


class Candidate(ApiModel):
    """The published package that the run made."""

    digest: Digest
    uri: Uri
    credentials_secret_name: ObjectName | None = None
    size_bytes: int = Field(default=0, json_schema_extra={"format": "int64"})
    profile_hash: Word | None = None


class Champion(ApiModel):
    """The revision that the candidate was judged against."""

    revision: Word
    digest: Digest
    uri: Uri
    credentials_secret_name: ObjectName | None = None
    public_key_secret_name: ObjectName | None = None


class CheckOutcome(ApiModel):
    """One gate check with its numbers, rounded."""

    metric: Word
    slice: Word | None = Field(
        default=None, description="COLUMN=VALUE of the rows; of a gap, the column. Absent: all rows."
    )
    champion: Word | None = None
    candidate: Word
    regression: Word | None = None
    regression_low: Word | None = None
    regression_high: Word | None = None
    threshold: Word = Field(description="The bound in words, such as max 45 or maxRegression 0.")
    note: Text | None = Field(default=None, description="For whom, or why it cannot be decided.")
    outcome: Literal["Pass", "Fail", "Inconclusive"]


class Evaluation(ApiModel):
    """Champion and candidate on the same holdout."""

    holdout_rows: int
    signature: Word
    metrics: list[CheckOutcome] = Field(default_factory=list, max_length=MAX_OUTCOMES)
    left_out: int | None = Field(default=None, description="Figures that only the report has.")
    verdict: Literal["Pass", "Fail", "Inconclusive"]


class WorkloadReference(ApiModel):
    """The workload of another engine that trains for the run."""

    api_version: Word
    kind: Word
    name: Word
    running_since_time: Time | None = Field(
        default=None,
        description="Since when it has not been waiting in a queue: its deadline counts from here.",
    )


class RetrainRunStatus(ApiModel):
    """How far the run is, and what came out."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: Conditions = Field(default_factory=list, description="How it stands, by type.")
    model_deployment: Word | None = Field(default=None, description="What the run retrains.")
    job: Word | None = Field(default=None, description="The Job that trains, or evaluates what was trained.")
    workload: WorkloadReference | None = None
    start_time: Time | None = None
    completion_time: Time | None = None
    champion: Champion | None = None
    candidate: Candidate | None = None
    data_digest: Word | None = None
    trainer_image_digest: Digest | None = Field(
        default=None, description="Of the trainer's image, as the node pulled it."
    )
    evaluation: Evaluation | None = None
    approval: ApprovalStatus | None = Field(default=None, description="That a person was asked.")
    accepted_time: Time | None = Field(
        default=None,
        description="The ModelDeployment is to serve the candidate: the gate passed or a person agreed.",
    )
    parameters: dict[Word, Word] = Field(
        default_factory=dict, max_length=32, description="What the trainer says it trained with."
    )
    cost: Cost | None = Field(default=None, description="What the run took.")
    record: AuditRecord | None = Field(default=None, description="Its place in the audit chain; final.")


_ENDED_RULE = rule(
    "!has(oldSelf.status) || !has(oldSelf.status.completionTime) || "
    "has(self.spec.approval) == has(oldSelf.spec.approval)",
    "spec.approval comes too late: the run has ended and is on record; make another RetrainRun",
    ".spec.approval",
)


class RetrainRun(ApiModel):
    """One run, its evidence and its verdict."""

    model_config = ConfigDict(json_schema_extra=validated_by(NAME_IN_LABELS_RULE, _ENDED_RULE))

    metadata: ObjectMetadata
    spec: RetrainRunSpec
    status: RetrainRunStatus = RetrainRunStatus()
