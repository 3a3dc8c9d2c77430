"""spec.rollout.traffic of a ModelDeployment: exact shares of the requests, by a route of the Gateway API."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field

from holdfast_operator.api.resource import ApiModel, Name, ObjectName
from holdfast_operator.api.validation_rule import rule, validated_by

_HOSTNAME: Final = r"^(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z]([-a-z0-9]*[a-z0-9])?$"
Hostname = Annotated[str, Field(pattern=_HOSTNAME, min_length=1, max_length=253)]
"""A host as the Gateway API has it: no address, and ``*.`` may stand for the first label."""


def _alike(field: str) -> str:
    """Return the CEL expression that the references p and q agree in the optional field."""
    return f"(has(p.{field}) ? has(q.{field}) && p.{field} == q.{field} : !has(q.{field}))"


# `namespace` is a reserved word of CEL, which the API server escapes so.
_SAME_GATEWAY: Final = f"p.name == q.name && {_alike('__namespace__')}"
_SAME_LISTENER: Final = f"{_SAME_GATEWAY} && {_alike('sectionName')}"
_EQUALLY_PRECISE: Final = "has(p.sectionName) == has(q.sectionName) && has(p.port) == has(q.port)"


class ParentRef(ApiModel):
    """A Gateway, or one listener of it, that takes the requests in."""

    name: ObjectName = Field(description="Name of the Gateway.")
    namespace: Name | None = Field(
        default=None,
        description="Namespace of the Gateway, whose listeners say by allowedRoutes whom they serve; "
        "default: this namespace.",
    )
    section_name: ObjectName | None = Field(default=None, description="Its listener; default: all of them.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Only listeners on this port; default: all of them."
    )


class Gateway(ApiModel):
    """Where requests come in, and by which host names."""

    parent_refs: list[ParentRef] = Field(
        min_length=1,
        max_length=8,
        json_schema_extra=validated_by(
            rule(
                f"self.all(p, self.exists_one(q, {_SAME_LISTENER}))",
                "parentRefs must not name a Gateway twice, unless each time by another sectionName",
            ),
            rule(
                f"self.all(p, self.all(q, !({_SAME_GATEWAY}) || ({_EQUALLY_PRECISE})))",
                "parentRefs that name the same Gateway must all have a sectionName, and all or none a port",
            ),
        ),
        description="Gateways that the route is attached to; an atomic list.",
    )
    hostnames: list[Hostname] = Field(
        default_factory=list,
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "set"},
        description="Names of this model alone, under which all of /v2 and gRPC are reached; empty: any name "
        "of the listeners, and only the paths from /v2/models/NAME on.",
    )


class Traffic(ApiModel):
    """How the requests are divided between the stable revision and the candidate."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule("has(self.gateway)", "gateway must be set: leave traffic out to divide by numbers of pods")
        )
    )

    gateway: Gateway | None = Field(
        default=None, description="Exactly, by an HTTPRoute of the Gateway API that is made here."
    )
