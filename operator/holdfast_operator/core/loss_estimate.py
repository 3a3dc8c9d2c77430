"""An estimate of the loss without labels, for people to look at: no decision is taken by it.

It follows shifts in what is predicted, and cannot see that the same prediction has become worse
(docs/explanation/drift-statistics.md).
"""

from decimal import Decimal

from holdfast_operator.api.retrain_policy import LossEstimate
from holdfast_operator.core.observation import DriftWindow


def estimate_loss(window: DriftWindow) -> LossEstimate | None:
    """Return the estimate of a window; None where the package or the window has not what it takes."""
    expected = window.expected
    if expected is None:
        return None
    outputs = [each for each in window.columns if (each.kind, each.name) == ("output", expected.output)]
    if not outputs:
        return None
    value, reference = expected.estimate(outputs[0].counts), expected.estimate(outputs[0].reference)
    if value is None or reference is None:
        return None
    return LossEstimate(metric=expected.metric, value=_decimal(value), reference=_decimal(reference))


def _decimal(value: float) -> str:
    return f"{Decimal(f'{value:.3g}'):f}"
