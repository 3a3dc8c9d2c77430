"""How many pods a revision has, and how many it should have."""

from dataclasses import dataclass

from holdfast.labels import REVISION
from holdfast_operator.api.model_deployment import Revision
from holdfast_operator.core.children import find_child, label_of
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.manifests.metadata import Manifest


@dataclass(frozen=True)
class PodCounts:
    """Pods of a revision."""

    desired: int
    current: int = 0
    ready: int = 0
    is_complete: bool = False
    """Exactly the desired pods exist, all of the newest template, ready and available."""


def count_pods(observation: ModelDeploymentObservation, revision: Revision | None, desired: int) -> PodCounts:
    """Return how many pods of the revision there are, of the desired ones."""
    deployment = find_child(observation.children, "Deployment", revision.name) if revision else None
    if deployment is None:
        return PodCounts(desired)
    status = deployment.get("status") or {}
    numbers = [
        status.get(field, 0)
        for field in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    ]
    is_current = (
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and deployment["spec"].get("replicas") == desired
    )
    is_complete = is_current and all(number == desired for number in numbers)
    return PodCounts(desired, current=numbers[0], ready=numbers[2], is_complete=is_complete)


def pods_of(observation: ModelDeploymentObservation, revision: Revision) -> list[Manifest]:
    """Return the pods of the revision."""
    return [pod for pod in observation.pods if label_of(pod, REVISION) == revision.name]
