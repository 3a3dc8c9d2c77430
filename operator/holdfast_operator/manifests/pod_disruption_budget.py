"""PodDisruptionBudget: a node drain takes one serving pod at a time."""

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata, selector_labels


def render_pod_disruption_budget(resource: ModelDeployment) -> Manifest:
    """Return the PodDisruptionBudget; pods that are not ready never hold a drain up."""
    name = resource.metadata.name
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": selector_labels(name, SERVER)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
