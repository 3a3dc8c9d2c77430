"""ModelDeployment: one model, kept served."""

from typing import Literal

from pydantic import Field

from holdfast_operator.api.resource import ApiModel, Condition, Digest, Name, ObjectMetadata


class ModelSource(ApiModel):
    """Where the model is, and optionally exactly which bytes."""

    uri: str = Field(
        min_length=1,
        max_length=1024,
        description="Folder of a model package or a single .onnx file: s3://BUCKET/KEY, https://HOST/PATH, "
        "pvc://CLAIM/PATH or configmap://NAME.",
    )
    digest: Digest | None = Field(
        default=None, description="Pin: any other bytes are refused and never served. Shown in status."
    )
    credentials_secret_name: Name | None = Field(
        default=None, description="Secret of this namespace that is mounted into the fetching container only."
    )


class ResourceAmounts(ApiModel):
    """Amounts by resource name, as in a Pod."""

    requests: dict[str, str] = Field(default_factory=dict, max_length=8)
    limits: dict[str, str] = Field(default_factory=dict, max_length=8)


class Toleration(ApiModel):
    """A toleration, as in a Pod."""

    key: str | None = Field(default=None, max_length=316)
    operator: Literal["Exists", "Equal"] | None = None
    value: str | None = Field(default=None, max_length=63)
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = Field(default=None, ge=0)


class Server(ApiModel):
    """How the model is served; a change makes a new revision, except replicas."""

    replicas: int = Field(default=1, ge=0, le=1000, description="Serving pods.")
    resources: ResourceAmounts = Field(
        default=ResourceAmounts(
            requests={"cpu": "100m", "memory": "256Mi"}, limits={"cpu": "1", "memory": "1Gi"}
        ),
        description="Resources of each serving pod.",
    )
    node_selector: dict[str, str] = Field(default_factory=dict, max_length=16)
    tolerations: list[Toleration] = Field(default_factory=list, max_length=16)
    priority_class_name: Name | None = None
    threads: int | None = Field(
        default=None, ge=1, le=256, description="ONNX Runtime threads; default: the CPU limit."
    )
    max_body_bytes: int = Field(
        default=16777216, ge=1024, le=1073741824, description="Larger request bodies are answered 413."
    )
    feature_monitoring: Literal["On", "Off"] = Field(
        default="On", description="Count features and predictions, so that drift can be seen."
    )


class Rollout(ApiModel):
    """How a new revision replaces the old one."""

    strategy: Literal["RollingUpdate"] = "RollingUpdate"
    progress_deadline_seconds: int = Field(
        default=600, ge=10, le=86400, description="A revision that is not ready by then is given up."
    )


class ModelDeploymentSpec(ApiModel):
    """What should be served, and how."""

    model: ModelSource
    server: Server = Server()
    rollout: Rollout = Rollout()
    revision_history_limit: int = Field(default=5, ge=1, le=50)
    suspend: bool = Field(default=False, description="Leave everything as it is until this is false again.")


class Target(ApiModel):
    """What should serve: the newer of the spec's model and the last accepted RetrainRun."""

    uri: str
    digest: Digest | None = None
    credentials_secret_name: Name | None = None
    origin: str = Field(description="Spec or RetrainRun/NAME.")
    spec_model_hash: str = Field(description="Hash of spec.model when this target was chosen.")
    chosen_time: str = Field(json_schema_extra={"format": "date-time"})


class Revision(ApiModel):
    """A model package's digest and how it is served."""

    name: Name
    digest: Digest
    uri: str
    credentials_secret_name: Name | None = None
    origin: str
    profile_hash: str | None = None
    created_time: str = Field(json_schema_extra={"format": "date-time"})
    promoted_time: str | None = Field(default=None, json_schema_extra={"format": "date-time"})
    outcome: Literal["Serving", "RollingOut", "Superseded", "Failed"] | None = None
    message: str = Field(default="", max_length=1024)


class ModelFailure(ApiModel):
    """The last thing that went wrong, kept until something goes right."""

    reason: str
    message: str = Field(max_length=2048)
    container: str | None = None
    exit_code: int | None = None
    time: str = Field(json_schema_extra={"format": "date-time"})
    inspection_key: str | None = Field(default=None, description="What was inspected, for retries.")
    attempts: int = Field(default=1, ge=1)


class ModelDeploymentStatus(ApiModel):
    """What is served, and what is being done about the rest."""

    observed_generation: int = Field(default=-1, json_schema_extra={"format": "int64"})
    conditions: list[Condition] = Field(default_factory=list, max_length=16)
    target: Target | None = None
    stable_revision: Revision | None = None
    candidate_revision: Revision | None = None
    revisions: list[Revision] = Field(default_factory=list, max_length=50)
    url: str | None = None
    replicas: int = 0
    ready_replicas: int = 0
    selector: str = ""
    last_failure: ModelFailure | None = None


class ModelDeployment(ApiModel):
    """One model, kept served."""

    metadata: ObjectMetadata
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus = ModelDeploymentStatus()
