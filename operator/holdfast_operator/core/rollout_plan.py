"""The steps of a rollout, one after the other, as the strategy says."""

from dataclasses import dataclass
from enum import StrEnum

from holdfast_operator.api.model_deployment import Revision
from holdfast_operator.api.rollout import Rollout


class StepKind(StrEnum):
    """What the candidate gets while a step lasts."""

    SHADOW = "Shadow"
    """Copies of requests, whose answers nobody sees."""
    CANARY = "Canary"
    """A share of the requests."""


@dataclass(frozen=True)
class Step:
    """One step, which is judged before the next begins."""

    kind: StepKind
    weight: int = 0
    """Share of the requests in percent."""

    @property
    def name(self) -> str:
        """The step in words."""
        return self.kind.value if self.kind is StepKind.SHADOW else f"{self.kind.value} {self.weight} %"


Plan = tuple[Step, ...]
"""Steps before the candidate takes over."""


def plan_steps(rollout: Rollout) -> Plan:
    """Return the steps that a candidate goes through beside a stable revision."""
    shadow = (Step(StepKind.SHADOW),) if rollout.mirrors else ()
    if rollout.strategy != "Canary":
        return shadow
    weights = rollout.canary_weights
    return (*shadow, *(Step(StepKind.CANARY, weight) for weight in weights))


def current_step(plan: Plan, candidate: Revision) -> Step | None:
    """Return the step that a candidate is in; None: it is starting, or taking over."""
    number = candidate.step
    return plan[number - 1] if number is not None and number <= len(plan) else None


def is_taking_over(plan: Plan, candidate: Revision) -> bool:
    """Whether all steps are behind the candidate."""
    return candidate.step is not None and candidate.step > len(plan)
