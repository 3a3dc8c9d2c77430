"""What all kinds share: camelCase models, object metadata, conditions and the forms of values."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from holdfast_operator.api.validation_rule import DECIMAL_PATTERN


def _quantity_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Decimal = Annotated[str, Field(pattern=DECIMAL_PATTERN, max_length=24)]
"""A decimal number as a string: the API has no floats (Kubernetes API conventions)."""
Quantity = Annotated[
    str,
    BeforeValidator(_quantity_text),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "maxLength": 32,
            "x-kubernetes-int-or-string": True,
        }
    ),
]
"""An amount as in a Pod, such as 500m or 256Mi; a whole number may be written without quotes."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=253)]
"""A name that is also a DNS label: no dots."""
ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", min_length=1, max_length=253)]
"""The name of an object of another API, such as a Secret: dots are allowed."""
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
Uri = Annotated[str, Field(min_length=1, max_length=1024)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC, whole seconds."""
Word = Annotated[str, Field(max_length=316)]
"""A reason, name or other short text in a status."""
Text = Annotated[str, Field(max_length=4096)]
LabelKey = Annotated[str, Field(max_length=316)]
LabelValue = Annotated[str, Field(pattern=r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$", max_length=63)]
ConditionStatus = Literal["True", "False", "Unknown"]


class ApiModel(BaseModel):
    """A part of a resource; unknown fields of newer versions are dropped when read."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", protected_namespaces=()
    )


class ObjectMetadata(ApiModel):
    """The part of ObjectMeta that decisions need."""

    name: str
    namespace: str
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class Condition(ApiModel):
    """One aspect of the status (metav1.Condition)."""

    type: str = Field(max_length=316, description="Name of the aspect, such as Ready.")
    status: ConditionStatus = Field(description="Whether it holds.")
    reason: str = Field(min_length=1, max_length=1024, description="Why, in one word; see the reference.")
    message: str = Field(default="", max_length=4096, description="Why, in a sentence.")
    last_transition_time: Time = Field(description="When the status flipped last.")
    observed_generation: int = Field(
        default=0,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="Generation that it was judged on.",
    )


Conditions = Annotated[
    list[Condition],
    Field(
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    ),
]
"""One condition of each type; several managers may each own some."""
