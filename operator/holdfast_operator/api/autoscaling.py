"""spec.server.autoscaling of a ModelDeployment: the number of pods follows the load."""

from pydantic import ConfigDict, Field

from holdfast_operator.api.resource import ApiModel, Quantity
from holdfast_operator.api.validation_rule import rule, validated_by

_METRIC_NAME = r"^[a-zA-Z_:][-a-zA-Z0-9_:.|/]*$"


class PodMetric(ApiModel):
    """A metric of the pods that an adapter serves to the cluster as custom.metrics.k8s.io."""

    name: str = Field(pattern=_METRIC_NAME, min_length=1, max_length=253, description="Its name there.")
    average_value: Quantity = Field(
        json_schema_extra=validated_by(
            rule(
                "isQuantity(string(self)) && sign(quantity(string(self))) > 0",
                'averageValue must be a quantity above zero, such as 20 or "500m"',
            )
        ),
        description="What each pod should have on average.",
    )


class AutoscalingTargets(ApiModel):
    """What the number of pods is to keep up; of several, the one that wants most pods decides."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                "has(self.cpuUtilizationPercent) || has(self.memoryUtilizationPercent) || "
                "(has(self.podMetrics) && self.podMetrics.size() > 0)",
                "targets must hold cpuUtilizationPercent, memoryUtilizationPercent or podMetrics",
            )
        )
    )

    cpu_utilization_percent: int | None = Field(
        default=None, ge=1, le=1000, description="CPU used on average, in percent of what is requested."
    )
    memory_utilization_percent: int | None = Field(
        default=None, ge=1, le=1000, description="Memory used on average, in percent of what is requested."
    )
    pod_metrics: list[PodMetric] = Field(
        default_factory=list,
        max_length=8,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        description="Averages over the pods, such as requests per second; they need an adapter.",
    )


class Autoscaling(ApiModel):
    """Between which numbers of pods, and by what."""

    model_config = ConfigDict(
        json_schema_extra=validated_by(
            rule(
                "!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",
                "minReplicas must not exceed maxReplicas: lower it or raise maxReplicas",
                ".minReplicas",
            )
        )
    )

    min_replicas: int = Field(default=1, ge=1, le=1000, description="Pods at least.")
    max_replicas: int = Field(ge=1, le=1000, description="Pods at most.")
    targets: AutoscalingTargets = Field(
        default=AutoscalingTargets(cpu_utilization_percent=80),
        description="What the number of pods is to keep up.",
    )
