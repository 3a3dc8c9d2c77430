"""Decides what should be true about a ModelDeployment."""

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import ModelDeploymentObservation


def decide_model_deployment(observation: ModelDeploymentObservation) -> Decision:
    """Return the children, status and events that should follow from what was observed."""
    raise NotImplementedError
