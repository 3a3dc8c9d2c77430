"""The one decision of all triggers: fire, or be suppressed for a documented reason that the status shows.

What each trigger has seen comes from a file of its own (``drift_trigger``, ``schedule``, ``code_trigger`` and
so on); whether that starts a run is decided here, for all alike.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.reasons import SuppressedReason


@dataclass(frozen=True)
class Occasion:
    """Something that a trigger has seen: the same occasion always names the same run."""

    trigger: TriggerType
    run_name: str
    reason: str
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sighting:
    """What one trigger sees, before it is asked whether a run may start."""

    trigger: TriggerType
    occasion: Occasion | None = None
    """None: nothing to retrain for."""
    obstacle: SuppressedReason | None = None
    """Why this trigger cannot judge, or must not fire, whatever the others do."""
    is_moment: bool = False
    """An occasion that is suppressed is lost; otherwise it is seen again at the next look."""


@dataclass(frozen=True)
class TriggerVerdict:
    """Fire for an occasion, be suppressed, or neither: there is nothing to do."""

    trigger: TriggerType
    occasion: Occasion | None = None
    suppressed: SuppressedReason | None = None
    is_moment: bool = False
    has_lost: bool = False
    """An occasion was suppressed that will not come again."""


def decide_triggers(
    sightings: Iterable[Sighting], suppression: SuppressedReason | None, known_runs: Collection[str]
) -> tuple[TriggerVerdict, ...]:
    """Return what each trigger does; at most one fires, the first in order that may.

    Args:
        sightings: what the triggers see, in the order of their precedence.
        suppression: why none of them may fire now.
        known_runs: names of runs that were announced or exist: their occasions have had their run.
    """
    verdicts = [_judge(sighting, suppression, known_runs) for sighting in sightings]
    firing = [verdict for verdict in verdicts if verdict.occasion is not None]
    return tuple(_give_way(verdict) if verdict in firing[1:] else verdict for verdict in verdicts)


def _judge(
    sighting: Sighting, suppression: SuppressedReason | None, known_runs: Collection[str]
) -> TriggerVerdict:
    quiet = TriggerVerdict(sighting.trigger, is_moment=sighting.is_moment)
    if suppression is SuppressedReason.SUSPENDED:
        return _suppress(quiet, suppression, sighting.occasion)
    if sighting.obstacle is not None:
        return _suppress(quiet, sighting.obstacle, sighting.occasion)
    if sighting.occasion is None:
        return quiet
    if suppression is not None:
        return _suppress(quiet, suppression, sighting.occasion)
    return quiet if sighting.occasion.run_name in known_runs else replace(quiet, occasion=sighting.occasion)


def _suppress(verdict: TriggerVerdict, reason: SuppressedReason, occasion: Occasion | None) -> TriggerVerdict:
    has_lost = verdict.is_moment and occasion is not None
    return replace(verdict, occasion=None, suppressed=reason, has_lost=has_lost)


def _give_way(verdict: TriggerVerdict) -> TriggerVerdict:
    """Suppress what fires at the same time as another: for it that run is an active one."""
    return _suppress(verdict, SuppressedReason.RUN_ACTIVE, verdict.occasion)
