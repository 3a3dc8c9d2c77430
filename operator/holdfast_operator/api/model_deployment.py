"""ModelDeployment: one model, kept served."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from holdfast_operator.api.approval import Approval
from holdfast_operator.api.model_uri import CREDENTIALS_RULE, SOURCE_RULES
from holdfast_operator.api.resource import (
    ApiModel,
    Conditions,
    Digest,
    Name,
    ObjectMetadata,
    ObjectName,
    Text,
    Time,
    Uri,
    Word,
)
from holdfast_operator.api.rollout import Rollout, StepResults
from holdfast_operator.api.server import Server as Server
from holdfast_operator.api.validation_rule import matches, rule, validated_by


class Verification(ApiModel):
    """Which signature a package must carry (OpenSSF model signing)."""

    public_key_secret_name: ObjectName = Field(
        description="Secret of this namespace whose entry key is the PEM public key; it is mounted into the "
        "fetching containers only. Packages of RetrainRuns are accepted by the digest that was judged."
    )


class ModelSource(ApiModel):
    """Where the model is, and optionally exactly which bytes."""

    model_config = ConfigDict(json_schema_extra=validated_by(CREDENTIALS_RULE))

    uri: Uri = Field(
        json_schema_extra=validated_by(*SOURCE_RULES),
        description="Folder of a model package or a single .onnx file: s3://BUCKET/KEY, https://HOST/PATH, "
        "pvc://CLAIM/PATH, configmap://NAME or configmap://NAME/KEY.",
    )
    digest: Digest | None = Field(
        default=None, description="Pin: any other bytes are refused and never served. Shown in status."
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None, description="Secret of this namespace that is mounted into the fetching container only."
    )
    verification: Verification | None = Field(
        default=None, description="Signature that the package must carry; unset: none is looked for."
    )


class ModelDeploymentSpec(ApiModel):
    """What should be served, and how."""

    model: ModelSource = Field(description="Where the model is, and optionally exactly which bytes.")
    server: Server = Field(
        default=Server(),
        description="How the model is served; a change makes a new revision, except of replicas "
        "and autoscaling.",
    )
    rollout: Rollout = Field(default=Rollout(), description="How a new revision replaces the old one.")
    approval: Approval | None = Field(
        default=None,
        description="Whether a person has to agree before a retrained model is rolled out; what is stricter "
        "of this and the RetrainPolicy's counts.",
    )
    revision_history_limit: int = Field(
        default=5, ge=1, le=50, description="Revisions that are remembered and can be rolled back to."
    )
    suspend: bool = Field(default=False, description="Leave everything as it is until this is false again.")


class Target(ApiModel):
    """What should serve: the newer of the spec's model and the last accepted RetrainRun."""

    uri: Uri
    digest: Digest | None = None
    credentials_secret_name: ObjectName | None = None
    public_key_secret_name: ObjectName | None = None
    profile_hash: Word | None = None
    origin: Word = Field(description="Spec or RetrainRun/NAME.")
    spec_model_hash: Word = Field(description="Hash of spec.model when this target was chosen.")
    chosen_time: Time = Field(description="When; a later decision wins.")


ServerSnapshot = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
]
"""spec.server without replicas and autoscaling, so that a revision can be served as it was."""


class Revision(ApiModel):
    """A model package's digest and how it is served."""

    name: Name
    digest: Digest
    uri: Uri
    credentials_secret_name: ObjectName | None = None
    public_key_secret_name: ObjectName | None = None
    origin: Word = Field(description="Spec or RetrainRun/NAME.")
    profile_hash: Word | None = None
    image: str = Field(default="", max_length=512, description="Server image that serves it.")
    server: ServerSnapshot = Field(default_factory=dict, description="spec.server when it was made.")
    created_time: Time
    promoted_time: Time | None = None
    outcome: Literal["Serving", "RollingOut", "Superseded", "Failed"] | None = None
    message: str = Field(default="", max_length=1024)
    weight_percent: int | None = Field(
        default=None, ge=0, le=100, description="Share of the requests that a candidate should get now."
    )
    step: int | None = Field(default=None, ge=1, le=64, description="Step of the rollout under way, from 1.")
    steps: int | None = Field(
        default=None, ge=1, le=64, description="Steps in all; the last is to take over."
    )
    step_name: Word | None = Field(default=None, description="The step in words, such as Canary 20 %.")
    step_started_time: Time | None = None
    judged_since: Time | None = Field(
        default=None, description="Since when the step is judged; unset: its pods are starting."
    )
    looks: int | None = Field(default=None, ge=0, description="How often the step has been judged.")
    failures: int | None = Field(default=None, ge=0, description="How often the step has failed.")
    checks: StepResults = Field(
        default_factory=list, description="What the last judgement said; kept with a revision that left."
    )


class ModelFailure(ApiModel):
    """The last thing that went wrong, kept until something goes right."""

    reason: Word
    message: str = Field(max_length=2048)
    container: Word | None = None
    exit_code: int | None = None
    time: Time
    inspection_key: Word | None = Field(default=None, description="What was inspected, for retries.")
    rollout_key: Word | None = Field(
        default=None, description="What was rolled out; not tried again until one of its parts changes."
    )
    attempts: int = Field(default=1, ge=1)


class Probation(ApiModel):
    """The time after a promotion in which the old revision is kept, to go back to at once."""

    revision: Revision = Field(description="The old revision, whose pods stay.")
    started_time: Time
    end_time: Time = Field(description="When the old pods go.")
    looks: int = Field(default=0, ge=0, description="How often the new revision has been judged since.")
    failures: int = Field(default=0, ge=0, description="How often it has failed.")
    checks: StepResults = Field(default_factory=list, description="What the last judgement said.")


class ModelDeploymentStatus(ApiModel):
    """What is served, and what is being done about the rest."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: Conditions = Field(default_factory=list, description="How it stands, by type.")
    target: Target | None = None
    stable_revision: Revision | None = None
    candidate_revision: Revision | None = None
    probation: Probation | None = Field(default=None, description="Set while the old revision is kept.")
    promotion_answered: Text | None = Field(
        default=None, description="Value of the annotation holdfast.dev/promote that has been used up."
    )
    revisions: list[Revision] = Field(default_factory=list, max_length=50)
    url: Uri | None = None
    replicas: int = 0
    ready_replicas: int = 0
    selector: Text = Field(default="", description="Label selector of the serving pods, for autoscalers.")
    last_failure: ModelFailure | None = None


class ModelDeployment(ApiModel):
    """One model, kept served."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                "self.metadata.name.size() <= 52 && "
                + matches("self.metadata.name", "^[a-z]([-a-z0-9]*[a-z0-9])?$"),
                "metadata.name must be at most 52 lower-case letters, digits and hyphens, and begin with "
                "a letter: Services, labels and revisions are named after it",
                ".metadata.name",
            )
        )
    )

    metadata: ObjectMetadata
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()
