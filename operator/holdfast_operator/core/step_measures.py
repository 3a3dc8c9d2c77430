"""What each check of a step is about: the values of both revisions, and how sure their bounds are.

docs/explanation/rollout-judgement.md has the formulas and their sources.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.two_samples import Interval, difference, mean, quantile, share
from holdfast_operator.core.step_evidence import RevisionEvidence, StepEvidence

MIN_LABELS: Final = 30
"""Labels of each revision below which a mean loss is not judged."""
_P95: Final = 0.95
_MILLISECONDS: Final = 1000.0


@dataclass(frozen=True)
class Measure:
    """Values of candidate and champion, each with an interval at one confidence."""

    candidate: Interval
    champion: Interval | None
    samples: int
    """Requests or rows of the candidate."""
    others: int
    """Those of the champion."""

    @property
    def regression(self) -> Interval | None:
        """By how much the candidate is worse."""
        return None if self.champion is None else difference(self.candidate, self.champion)


def measure(metric: str, evidence: StepEvidence, confidence: float) -> Measure | None:
    """Return what a check on this metric is about; None: there is nothing to judge it by."""
    return _MEASURES[metric](evidence, confidence)


def _error_rate(evidence: StepEvidence, confidence: float) -> Measure:
    ours, theirs = evidence.candidate, evidence.champion
    return Measure(
        share(ours.errors, ours.requests, confidence),
        share(theirs.errors, theirs.requests, confidence),
        ours.requests,
        theirs.requests,
    )


def _latency(evidence: StepEvidence, confidence: float) -> Measure:
    intervals = [
        Interval(*(each * _MILLISECONDS for each in quantile(revision.latency, _P95, confidence)))
        for revision in (evidence.candidate, evidence.champion)
    ]
    counts = [sum(each.latency.values()) for each in (evidence.candidate, evidence.champion)]
    return Measure(intervals[0], intervals[1], counts[0], counts[1])


def _disagreement(evidence: StepEvidence, confidence: float) -> Measure | None:
    # Servers of the champion send the copies and compare the answers.
    counted = evidence.champion
    if counted.copied_rows == 0:
        return None
    differs = share(counted.disagreeing_rows, counted.copied_rows, confidence)
    return Measure(differs, None, counted.copied_rows, counted.copied_rows)


def _feature_health(evidence: StepEvidence, confidence: float) -> Measure | None:
    """Return the measure of the feature whose health has suffered most, at a share of the doubt for each."""
    ours, theirs = evidence.candidate, evidence.champion
    names = sorted(ours.unhealthy.keys() & theirs.unhealthy.keys())
    if not names or ours.rows == 0 or theirs.rows == 0:
        return None
    sure = 1 - (1 - confidence) / len(names)
    measures = [
        Measure(_health(ours, name, sure), _health(theirs, name, sure), ours.rows, theirs.rows)
        for name in names
    ]
    return max(measures, key=_growth)


def _growth(found: Measure) -> float:
    return found.regression.estimate if found.regression is not None else 0.0


def _health(revision: RevisionEvidence, name: str, confidence: float) -> Interval:
    return share(min(revision.unhealthy[name], revision.rows), revision.rows, confidence)


def _labelled_loss(evidence: StepEvidence, confidence: float) -> Measure | None:
    ours, theirs = evidence.candidate.losses, evidence.champion.losses
    if min(ours.rows, theirs.rows) < MIN_LABELS:
        return None
    return Measure(mean(ours, confidence), mean(theirs, confidence), ours.rows, theirs.rows)


_MEASURES: Final[Mapping[str, Callable[[StepEvidence, float], Measure | None]]] = {
    "errorRate": _error_rate,
    "latencyP95Milliseconds": _latency,
    "disagreement": _disagreement,
    "featureHealth": _feature_health,
    "labelledLoss": _labelled_loss,
}
