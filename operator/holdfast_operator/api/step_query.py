"""Questions to a Prometheus, in PromQL, that a step of a rollout is judged on beside its checks."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from holdfast_operator.api.resource import ApiModel, Decimal
from holdfast_operator.api.validation_rule import matches, rule, validated_by

PLACES: Final = ("namespace", "name", "candidate", "champion", "interval")
"""What ``$(...)`` may name in a query."""
BY_NAME: Final[JsonDict] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
_PLACE: Final = "[$][(](" + "|".join(PLACES) + ")[)]"
_RULES: Final = (
    rule(
        "has(self.min) || has(self.max)",
        "min or max must be set: without a bound there is nothing to check",
    ),
    rule(
        "!has(self.query) || " + matches("self.query", f"^([^$]|[$][^(]|{_PLACE})*$"),
        "between $( and ) stands one of " + ", ".join(PLACES),
        ".query",
    ),
)


class StepQuery(ApiModel):
    """A figure of a Prometheus that a step is judged on; the operator's chart must allow such questions."""

    model_config = ConfigDict(json_schema_extra=validated_by(*_RULES))

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)] = Field(
        description="What the figure is called in the status."
    )
    query: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="PromQL with one number as its value; $(candidate) and $(champion) stand for the names "
        "of the two revisions, $(namespace) and $(name) for those of the ModelDeployment, $(interval) for "
        "intervalSeconds, such as 300s."
    )
    min: Decimal | None = Field(default=None, description="Below it the step fails.")
    max: Decimal | None = Field(default=None, description="Above it the step fails.")
