"""Decides what should be true about a RetrainPolicy."""

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation


def decide_retrain_policy(observation: RetrainPolicyObservation) -> Decision:
    """Return the runs, status and events that should follow from what was observed."""
    raise NotImplementedError
