"""What users may say about the pods that run for them: an allow-list, spelled as in a Pod."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from holdfast_operator.api.resource import ApiModel, LabelKey, LabelValue, Quantity
from holdfast_operator.api.validation_rule import matches, rule, validated_by

_AMOUNT = "string(self[k])"
_REQUEST = "string(self.requests[k])"
_LIMIT = "string(self.limits[k])"
_LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"

_AMOUNT_RULES = (
    rule(
        f"self.all(k, isQuantity({_AMOUNT}) && sign(quantity({_AMOUNT})) >= 0)",
        'amounts in requests and limits must be quantities that are not negative, such as "500m" or "256Mi"',
    ),
    rule(
        "self.all(k, k in ['cpu', 'memory', 'ephemeral-storage'] || k.contains('/') || "
        "k.startsWith('hugepages-'))",
        "names in requests and limits must be cpu, memory, ephemeral-storage or have a domain, "
        "such as nvidia.com/gpu",
    ),
)
Amounts = Annotated[dict[str, Quantity], Field(max_length=8, json_schema_extra=validated_by(*_AMOUNT_RULES))]
NodeSelector = Annotated[
    dict[LabelKey, LabelValue],
    Field(
        max_length=16,
        json_schema_extra=validated_by(
            rule(
                f"self.all(k, {matches('k', _LABEL_KEY)})",
                "keys of nodeSelector must be label keys such as kubernetes.io/arch",
            )
        )
        | {"x-kubernetes-map-type": "atomic"},
    ),
]
"""Labels that a node must have; replaced as a whole, as in a Pod."""


class ResourceAmounts(ApiModel):
    """Amounts by resource name, as in a Pod."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                "!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || "
                f"!isQuantity({_REQUEST}) || !isQuantity({_LIMIT}) || "
                f"quantity({_REQUEST}).compareTo(quantity({_LIMIT})) <= 0)",
                "requests must not exceed limits: lower requests or raise limits",
                ".requests",
            )
        )
    )

    requests: Amounts = Field(default_factory=dict, description="What is reserved for a pod.")
    limits: Amounts = Field(default_factory=dict, description="What a pod may use at most.")


class Toleration(ApiModel):
    """A toleration, as in a Pod."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                "!has(self.operator) || self.operator != 'Exists' || !has(self.value) || self.value == ''",
                "value must be left out when operator is Exists",
                ".value",
            ),
            rule(
                "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
                "key must be set unless operator is Exists, which then tolerates every taint",
                ".key",
            ),
            rule(
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds needs effect: NoExecute",
                ".tolerationSeconds",
            ),
        )
    )

    key: LabelKey | None = Field(default=None, description="Key of the taint; empty: every key.")
    operator: Literal["Exists", "Equal"] | None = Field(
        default=None, description="How value is compared; unset: Equal."
    )
    value: LabelValue | None = Field(default=None, description="Value of the taint.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="Effect of the taint; unset: every effect."
    )
    toleration_seconds: int | None = Field(
        default=None,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="How long a taint with effect NoExecute is tolerated; unset: for ever.",
    )
