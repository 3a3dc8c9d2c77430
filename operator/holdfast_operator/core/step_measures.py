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
    """The candidate's value and, where there is one to compare with, the champion's; with their intervals."""

    candidate: Interval
    champion: Interval | None
    samples: int
    """Requests or rows of the candidate."""

    @property
    def regression(self) -> Interval | None:
        """By how much the candidate is worse."""
        return None if self.champion is None else difference(self.candidate, self.champion)


def measure(metric: str, evidence: StepEvidence, confidence: float) -> Measure | None:
    """Return what a check on this metric is about; None: there is nothing to judge it by."""
    return _MEASURES[metric](evidence, confidence)


def _error_rate(evidence: StepEvidence, confidence: float) -> Measure:
    def rate(revision: RevisionEvidence) -> Interval:
        return share(revision.errors, revision.requests, confidence)

    return _both(evidence, rate, evidence.candidate.requests)


def _latency(evidence: StepEvidence, confidence: float) -> Measure:
    def slow(revision: RevisionEvidence) -> Interval:
        found = quantile(revision.latency, _P95, confidence)
        return Interval(*(each * _MILLISECONDS for each in found))

    return _both(evidence, slow, sum(evidence.candidate.latency.values()))


def _both(evidence: StepEvidence, of: Callable[[RevisionEvidence], Interval], samples: int) -> Measure:
    champion = None if evidence.champion is None else of(evidence.champion)
    return Measure(of(evidence.candidate), champion, samples)


def _disagreement(evidence: StepEvidence, confidence: float) -> Measure | None:
    # Servers of the champion send the copies and compare the answers.
    counted = evidence.champion
    if counted is None or counted.copied_rows == 0:
        return None
    return Measure(
        share(counted.disagreeing_rows, counted.copied_rows, confidence), None, counted.copied_rows
    )


def _feature_health(evidence: StepEvidence, confidence: float) -> Measure | None:
    """Return the measure of the feature whose health has suffered most, at a share of the doubt for each."""
    revisions = [each for each in (evidence.candidate, evidence.champion) if each is not None]
    names = sorted(set.intersection(*(set(each.unhealthy) for each in revisions)))
    if not names or any(each.rows == 0 for each in revisions):
        return None
    sure = 1 - (1 - confidence) / len(names)
    measures = [_both(evidence, _health(name, sure), evidence.candidate.rows) for name in names]
    return max(measures, key=lambda each: (each.regression or each.candidate).estimate)


def _health(name: str, confidence: float) -> Callable[[RevisionEvidence], Interval]:
    return lambda each: share(min(each.unhealthy[name], each.rows), each.rows, confidence)


def _labelled_loss(evidence: StepEvidence, confidence: float) -> Measure | None:
    revisions = [each for each in (evidence.candidate, evidence.champion) if each is not None]
    if min(each.losses.rows for each in revisions) < MIN_LABELS:
        return None
    return _both(evidence, lambda each: mean(each.losses, confidence), evidence.candidate.losses.rows)


_MEASURES: Final[Mapping[str, Callable[[StepEvidence, float], Measure | None]]] = {
    "errorRate": _error_rate,
    "latencyP95Milliseconds": _latency,
    "disagreement": _disagreement,
    "featureHealth": _feature_health,
    "labelledLoss": _labelled_loss,
}
