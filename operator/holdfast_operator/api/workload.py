"""The training workload of another engine that runs in the cluster, instead of a trainer of ours."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, WithJsonSchema

from holdfast_operator.api.model_uri import CREDENTIALS_RULE, HANDOVER_RULES
from holdfast_operator.api.pod_resources import NodeSelector, ResourceAmounts, Toleration
from holdfast_operator.api.resource import ApiModel, LabelKey, LabelValue, ObjectName, Uri
from holdfast_operator.api.validation_rule import matches, rule, validated_by

KNOWN_ENGINES: Final = (
    ("trainer.kubeflow.org", "TrainJob"),
    ("kubeflow.org", "PyTorchJob"),
    ("ray.io", "RayJob"),
    ("argoproj.io", "Workflow"),
    ("jobset.x-k8s.io", "JobSet"),
)
"""Group and kind of the engines whose status Holdfast can read by itself."""

_GROUP_VERSION = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)+/v[0-9][a-z0-9]*$"
_API_VERSION_RULES = (
    rule(
        matches("self", _GROUP_VERSION),
        "apiVersion must be GROUP/VERSION of the engine, such as kubeflow.org/v1",
    ),
    rule(
        f"!{matches('self', '^([a-z0-9.-]*[.])?k8s[.]io/')} && !self.startsWith('holdfast.dev/')",
        "apiVersion must be that of a training engine: objects of Kubernetes and Holdfast are not made",
    ),
)
_IS_KNOWN = " || ".join(
    f"(self.template.apiVersion.startsWith('{group}/') && self.template.kind == '{kind}')"
    for group, kind in KNOWN_ENGINES
)
_READABLE_RULE = rule(
    f"(has(self.successExpression) && has(self.failureExpression)) || {_IS_KNOWN}",
    "workload must have successExpression and failureExpression, since Holdfast does not know this kind: "
    "say how its status tells them",
    ".template.kind",
)

Expression = Annotated[str, Field(min_length=1, max_length=512)]
"""JMESPath over a whole object."""


class TemplateMetadata(ApiModel):
    """Labels and annotations of the workload; name, namespace and owner are set by Holdfast."""

    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=32)] = Field(
        default_factory=dict, description="Labels of the workload."
    )
    annotations: Annotated[dict[LabelKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = (
        Field(default_factory=dict, description="Annotations of the workload.")
    )


class WorkloadTemplate(ApiModel):
    """What is made for each run."""

    api_version: str = Field(
        max_length=128,
        json_schema_extra=validated_by(*_API_VERSION_RULES),
        description="Group and version of the engine's kind; the group must not be one of Kubernetes itself.",
    )
    kind: str = Field(pattern=r"^[A-Z][A-Za-z0-9]*$", max_length=63, description="Kind, such as PyTorchJob.")
    metadata: TemplateMetadata = Field(
        default=TemplateMetadata(), description="Labels and annotations of the workload."
    )
    spec: Annotated[
        dict[str, Any],
        WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
    ] = Field(
        description="The workload's spec as the engine documents it. Pods in it are held to the Pod Security "
        "level restricted, and get the variables of the training contract."
    )


class Handover(ApiModel):
    """Where the workload leaves what it has trained, for the evaluation to fetch."""

    model_config = ConfigDict(json_schema_extra=validated_by(CREDENTIALS_RULE))

    uri: Uri = Field(
        json_schema_extra=validated_by(*HANDOVER_RULES),
        description="s3://BUCKET/PREFIX or pvc://CLAIM/PATH; each run writes to a folder of its name there. "
        "A claim is mounted in the pods of the template.",
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None,
        description="Secret of this namespace to read there, for the evaluation only; its form is that of "
        "spec.model.",
    )


class Workload(ApiModel):
    """The workload of another engine that trains; see the how-to page on training engines."""

    model_config = ConfigDict(json_schema_extra=validated_by(_READABLE_RULE))

    template: WorkloadTemplate = Field(description="What is made for each run.")
    handover: Handover = Field(description="Where the workload leaves what it has trained.")
    data_uri: Uri | None = Field(
        default=None, description="Given to the containers as HOLDFAST_DATA_URI, unchanged."
    )
    queue_name: Annotated[LabelValue, Field(min_length=1)] | None = Field(
        default=None,
        description="Local queue of Kueue: the label kueue.x-k8s.io/queue-name of the workload. "
        "activeDeadlineSeconds does not run while it waits there.",
    )
    service_account_name: ObjectName | None = Field(
        default=None,
        description="The only ServiceAccount that the template may name. It must have the label "
        "holdfast.dev/training: allowed.",
    )
    success_expression: Expression | None = Field(
        default=None,
        description="JMESPath over the workload that is true when it has succeeded, such as "
        "status.phase == 'Done'; unset: as the known engine says it.",
    )
    failure_expression: Expression | None = Field(
        default=None, description="JMESPath over the workload that is true when it has failed for good."
    )
    message_expression: Expression | None = Field(
        default=None, description="JMESPath over the workload that gives the text to show of a failure."
    )
    resources: ResourceAmounts = Field(
        default=ResourceAmounts(
            requests={"cpu": "500m", "memory": "512Mi"}, limits={"cpu": "2", "memory": "4Gi"}
        ),
        description="Resources of the evaluation; requests or limits alone replace both defaults.",
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, description="Labels that a node must have to run the evaluation."
    )
    tolerations: list[Toleration] = Field(
        default_factory=list,
        max_length=16,
        description="Taints that the evaluation tolerates; an atomic list.",
    )
