"""HorizontalPodAutoscaler: the stable revision's Deployment follows the load."""

from collections.abc import Iterator
from typing import Any

from holdfast_operator.api.autoscaling import Autoscaling, AutoscalingTargets
from holdfast_operator.api.model_deployment import ModelDeployment, Revision
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata


def render_horizontal_pod_autoscaler(
    resource: ModelDeployment, autoscaling: Autoscaling, stable: Revision
) -> Manifest:
    """Return the autoscaler of the Deployment of the revision that serves."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": child_metadata(resource, resource.metadata.name, SERVER),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": stable.name},
            "minReplicas": autoscaling.min_replicas,
            "maxReplicas": autoscaling.max_replicas,
            "metrics": list(_metrics(autoscaling.targets)),
        },
    }


def _metrics(targets: AutoscalingTargets) -> Iterator[dict[str, Any]]:
    used = {"cpu": targets.cpu_utilization_percent, "memory": targets.memory_utilization_percent}
    for resource, percent in used.items():
        if percent is not None:
            target = {"type": "Utilization", "averageUtilization": percent}
            yield {"type": "Resource", "resource": {"name": resource, "target": target}}
    for metric in targets.pod_metrics:
        target = {"type": "AverageValue", "averageValue": metric.average_value}
        yield {"type": "Pods", "pods": {"metric": {"name": metric.name}, "target": target}}
