"""spec.server of a ModelDeployment: how the model is served."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast_operator.api.autoscaling import Autoscaling
from holdfast_operator.api.model_uri import CAPTURE_RULES, CREDENTIALS_RULE
from holdfast_operator.api.pod_resources import NodeSelector, ResourceAmounts, Toleration
from holdfast_operator.api.resource import ApiModel, ObjectName, Uri
from holdfast_operator.api.validation_rule import rule, validated_by

_SET: JsonDict = {"x-kubernetes-list-type": "set"}
ColumnName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        json_schema_extra=validated_by(rule("!self.contains(',')", "names of columns must have no comma")),
    ),
]
_ACCELERATED = "self.executionProviders.exists(p, p != 'CPU')"
_HAS_GPU = "self.resources.limits.exists(k, k.startsWith('nvidia.com/'))"


class Batching(ApiModel):
    """Requests that wait at the same time, run as one batch."""

    mode: Literal["Auto", "Disabled"] = Field(
        default="Auto", description="Auto: where warm-up has proved that a batch gives the same answers."
    )
    max_rows: int = Field(default=256, ge=1, le=65536, description="Rows of a batch at most.")
    max_delay_milliseconds: int = Field(
        default=0, ge=0, le=1000, description="How long a request may wait for others; 0: not at all."
    )


class Limits(ApiModel):
    """What a serving pod takes on; more is refused at once, so that it never falls over."""

    max_body_bytes: int = Field(
        default=16777216, ge=1024, le=1073741824, description="Larger request bodies are answered 413."
    )
    max_connections: int = Field(
        default=4096, ge=1, le=65536, description="Open HTTP connections of a worker; more are closed."
    )
    max_in_flight: int = Field(
        default=512, ge=1, le=65536, description="Unanswered inferences of a worker; more are answered 503."
    )
    header_timeout_seconds: int = Field(
        default=10, ge=1, le=600, description="A request's header must be complete by then, else 408."
    )
    body_timeout_seconds: int = Field(
        default=30, ge=1, le=3600, description="A request's body must be complete by then, else 408."
    )
    request_timeout_seconds: int = Field(
        default=60,
        ge=1,
        le=3600,
        description="An inference must be answered by then, else 504; pods that stop may take as long.",
    )


class Feedback(ApiModel):
    """Labels that clients report later, counted per revision."""

    mode: Literal["Enabled", "Disabled"] = Field(
        default="Enabled", description="Answer with prediction ids, and accept labels for them."
    )
    signing_key_secret_name: ObjectName | None = Field(
        default=None,
        description="Secret whose entry key (at least 16 bytes) signs prediction ids; unset: the object's "
        "uid, which is no secret to those who can read it.",
    )
    max_age_days: int = Field(
        default=30, ge=1, le=3650, description="Labels for older predictions are refused."
    )
    slices: list[ColumnName] = Field(
        default_factory=list,
        max_length=16,
        json_schema_extra=_SET,
        description="Features of the profile by whose bins or categories labels are counted as well.",
    )


class Capture(ApiModel):
    """A sample of requests and answers, kept as Parquet to train on."""

    model_config = ConfigDict(json_schema_extra=validated_by(CREDENTIALS_RULE))

    uri: Uri = Field(
        json_schema_extra=validated_by(*CAPTURE_RULES),
        description="Folder that gets the files: s3://BUCKET/KEY, or pvc://CLAIM/PATH on a claim that all "
        "serving pods can write to.",
    )
    percent: int = Field(default=1, ge=1, le=100, description="Share of requests that are captured.")
    max_rows_per_hour: int = Field(
        default=100000,
        ge=1,
        le=100000000,
        description="Of a pod; further rows of the hour are dropped.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Captured files of this model that are older are deleted."
    )
    exclude_columns: list[ColumnName] = Field(
        default_factory=list,
        max_length=256,
        json_schema_extra=_SET,
        description="Tensors, tensor[i] or features that are never captured.",
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None, description="Secret of this namespace that is mounted into the server's container."
    )


def _needs_request(resource: str) -> JsonDict:
    """Return the rule that a utilisation is of something: requests, or limits that stand in for them."""
    target = f"self.autoscaling.targets.{resource}UtilizationPercent"
    known = " || ".join(
        f"(has(self.resources.{part}) && '{resource}' in self.resources.{part})"
        for part in ("requests", "limits")
    )
    return rule(
        f"!has(self.autoscaling) || !has(self.autoscaling.targets) || !has({target}) || "
        f"!has(self.resources) || {known}",
        f"{resource}UtilizationPercent is a part of what is requested: set {resource} in resources.requests",
        f".autoscaling.targets.{resource}UtilizationPercent",
    )


class Server(ApiModel):
    """How the model is served; a change makes a new revision, except of replicas and autoscaling."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                f"!has(self.executionProviders) || !{_ACCELERATED} || "
                f"(has(self.resources) && has(self.resources.limits) && {_HAS_GPU})",
                "CUDA and TensorRT need a GPU: set nvidia.com/gpu in resources.limits",
                ".executionProviders",
            ),
            _needs_request("cpu"),
            _needs_request("memory"),
        )
    )

    replicas: int = Field(
        default=1, ge=0, le=1000, description="Serving pods; without effect beside autoscaling."
    )
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="The number of serving pods follows the load, by a HorizontalPodAutoscaler that is made "
        "here; unset: it is replicas.",
    )
    resources: ResourceAmounts = Field(
        default=ResourceAmounts(
            requests={"cpu": "100m", "memory": "256Mi"}, limits={"cpu": "1", "memory": "1Gi"}
        ),
        description="Resources of each serving pod; requests or limits alone replace both defaults.",
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, description="Labels that a node must have to run serving pods."
    )
    tolerations: list[Toleration] = Field(
        default_factory=list, max_length=16, description="Taints that serving pods tolerate; an atomic list."
    )
    priority_class_name: ObjectName | None = Field(
        default=None, description="PriorityClass of the serving pods."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes of a pod that share its ports, each with the model."
    )
    threads: int | None = Field(
        default=None, ge=1, le=256, description="ONNX Runtime threads of a worker; default: the CPU limit."
    )
    execution_providers: list[Literal["CPU", "CUDA", "TensorRT"]] = Field(
        default=["CPU"],
        min_length=1,
        max_length=3,
        json_schema_extra=validated_by(
            rule("self.all(p, self.exists_one(q, q == p))", "executionProviders must not repeat one")
        ),
        description="In order of preference; CUDA and TensorRT run in the GPU image and leave to the CPU "
        "what they cannot do.",
    )
    grpc: Literal["Enabled", "Disabled"] = Field(
        default="Enabled", description="Answer the Open Inference Protocol over gRPC, too, on port 8081."
    )
    batching: Batching = Field(
        default=Batching(), description="Requests that wait at the same time, run as one batch."
    )
    limits: Limits = Field(default=Limits(), description="What a serving pod takes on; more is refused.")
    feature_monitoring: Literal["Enabled", "Disabled"] = Field(
        default="Enabled", description="Count features and predictions, so that drift can be seen."
    )
    feedback: Feedback = Field(
        default=Feedback(), description="Labels that clients report later, counted per revision."
    )
    capture: Capture | None = Field(
        default=None, description="A sample of requests and answers, kept as Parquet; unset: none."
    )

    @property
    def is_accelerated(self) -> bool:
        """Whether a GPU is needed."""
        return any(provider != "CPU" for provider in self.execution_providers)
