"""Decides what should be true about a RetrainRun."""

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainRunObservation


def decide_retrain_run(observation: RetrainRunObservation) -> Decision:
    """Return the training Job, status and events that should follow from what was observed."""
    raise NotImplementedError
