"""Which ConfigMaps keep what was counted for a policy."""

from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.manifests.checkpoint import render_checkpoint
from holdfast_operator.manifests.metadata import Manifest


def plan_checkpoints(observation: RetrainPolicyObservation) -> tuple[Manifest, ...]:
    """Return a ConfigMap for everything that is to be kept over a restart."""
    policy = observation.resource
    model = policy.spec.model_deployment_ref.name
    return tuple(
        render_checkpoint(policy.metadata, model, subject, content)
        for subject, content in observation.kept.items()
    )
