"""The training container of a RetrainPolicy."""

from typing import Annotated, Literal

from pydantic import Field

from holdfast_operator.api.model_uri import DATA_RULES
from holdfast_operator.api.pod_resources import NodeSelector, ResourceAmounts, Toleration
from holdfast_operator.api.resource import ApiModel, LabelValue, ObjectName, Uri
from holdfast_operator.api.validation_rule import rule, validated_by

Argument = Annotated[str, Field(max_length=4096)]


class EnvVar(ApiModel):
    """An environment variable with a plain value."""

    name: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        max_length=128,
        json_schema_extra=validated_by(
            rule(
                "!self.startsWith('HOLDFAST_')",
                "name must not begin with HOLDFAST_: Holdfast sets these variables itself",
            )
        ),
        description="Name of the variable.",
    )
    value: str = Field(default="", max_length=4096, description="Its value; nothing is expanded.")


class Trainer(ApiModel):
    """The container that trains; see the training contract."""

    image: str = Field(
        min_length=1,
        max_length=512,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$",
        description="Image of the trainer, best by digest.",
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="When the image is pulled."
    )
    command: list[Argument] = Field(
        default_factory=list, max_length=64, description="Replaces the image's entry point."
    )
    args: list[Argument] = Field(
        default_factory=list, max_length=64, description="Replaces the image's arguments."
    )
    env: list[EnvVar] = Field(
        default_factory=list,
        max_length=64,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        description="Variables for the trainer; the names are unique.",
    )
    resources: ResourceAmounts = Field(
        default=ResourceAmounts(
            requests={"cpu": "500m", "memory": "512Mi"}, limits={"cpu": "2", "memory": "4Gi"}
        ),
        description="Resources of the trainer; requests or limits alone replace both defaults.",
    )
    node_selector: NodeSelector = Field(
        default_factory=dict, description="Labels that a node must have to run training pods."
    )
    tolerations: list[Toleration] = Field(
        default_factory=list, max_length=16, description="Taints that training pods tolerate; an atomic list."
    )
    data_uri: Uri | None = Field(
        default=None,
        json_schema_extra=validated_by(*DATA_RULES),
        description="Given to the trainer as HOLDFAST_DATA_URI; pvc:// and configmap:// are mounted as well.",
    )
    credentials_secret_name: ObjectName | None = Field(
        default=None, description="Secret whose keys become the trainer's environment, to read the data."
    )
    queue_name: Annotated[LabelValue, Field(min_length=1)] | None = Field(
        default=None, description="Local queue of Kueue: the label kueue.x-k8s.io/queue-name of the Job."
    )
