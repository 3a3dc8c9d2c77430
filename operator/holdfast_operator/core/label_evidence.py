"""What labels prove about one group of rows: state of a sequential test that goes on from block to block.

Pure. Blocks are what came between two looks, by when the label came: labels may be late. The state is all
that has to be kept over a restart.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from holdfast.performance import (
    NO_LOSSES,
    Losses,
    LossKind,
    accumulate,
    evidence_share,
    is_alarm,
    log_growth,
    no_evidence,
    upper_bound,
)
from holdfast_operator.api.performance import BaselineSource, PerformanceTrigger

PERIOD_SECONDS: Final = 30 * 86400
RECENT_BUCKETS: Final = 8
USUAL_STEP_SECONDS: Final = 60.0
"""Step by whose weight the evidence of different moments is compared."""
SLICES_SHARE: Final = 0.5
"""Part of the budget of false alarms that all slices have together; the rest is for all rows."""


NO_EVIDENCE: Final = tuple(no_evidence().tolist())


@dataclass(frozen=True)
class LabelTest:
    """What is tested: the policy's trigger, with the metric as a loss."""

    kind: LossKind
    tolerance: float
    baseline: float | None
    min_samples: int
    window_seconds: int
    false_alarms_per_30_days: int
    slices: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackageBaseline:
    """The loss that the package's evaluation report says: mean, standard deviation, independent rows."""

    mean: float
    deviation: float
    rows: int


@dataclass(frozen=True)
class Baseline:
    """What a group is compared with; ``upper`` is what the mean loss behind it is at most."""

    mean: float
    upper: float
    source: BaselineSource


@dataclass(frozen=True)
class LabelEvidence:
    """State of the test of one group.

    ``first`` are labels that the baseline was made from, ``tested`` those since; ``last_step`` is in seconds
    since the epoch; ``recent`` are losses of the last while by bucket.
    """

    last_step: float
    first: Losses = NO_LOSSES
    tested: Losses = NO_LOSSES
    evidence: tuple[float, ...] = NO_EVIDENCE
    recent: tuple[tuple[int, Losses], ...] = ()

    @property
    def labels(self) -> int:
        """All labels that were seen."""
        return self.first.rows + self.tested.rows


@dataclass(frozen=True)
class Step:
    """One look: when, what the group is compared with, and its share of the budget of false alarms."""

    end: float
    given: Baseline | None
    share: float


def label_test_of(trigger: PerformanceTrigger) -> LabelTest:
    """Return what a trigger tests."""
    kind = LossKind.ERROR if trigger.metric == "accuracy" else LossKind.ABSOLUTE_ERROR
    baseline = None if trigger.baseline is None else float(Decimal(trigger.baseline))
    if baseline is not None and kind is LossKind.ERROR:
        baseline = 1 - baseline
    return LabelTest(
        kind=kind,
        tolerance=float(Decimal(trigger.max_drop or trigger.max_increase or "0")),
        baseline=baseline,
        min_samples=trigger.min_samples,
        window_seconds=trigger.window_seconds,
        false_alarms_per_30_days=trigger.max_false_retrains_per_30_days,
        slices=tuple(trigger.slices),
    )


def given_baseline(test: LabelTest, package: PackageBaseline | None) -> Baseline | None:
    """Return what all rows are compared with, if the policy or the package says it."""
    if test.baseline is not None:
        return Baseline(test.baseline, test.baseline, "Spec")
    if package is None:
        return None
    squares = package.rows * (package.deviation**2 + package.mean**2)
    measured = Losses(package.rows, package.rows * package.mean, squares)
    return Baseline(package.mean, upper_bound(test.kind, measured), "Package")


def baseline_of(test: LabelTest, state: LabelEvidence, given: Baseline | None) -> Baseline | None:
    """Return what a group is compared with; None: it has too few labels to be compared with later ones."""
    if given is not None:
        return given
    mean = state.first.mean
    if mean is None or state.first.rows < test.min_samples:
        return None
    return Baseline(mean, upper_bound(test.kind, state.first), "FirstLabels")


def take_block(test: LabelTest, state: LabelEvidence, block: Losses, step: Step) -> LabelEvidence:
    """Return the state after the labels between two looks; a block without labels changes nothing."""
    if not block.rows:
        return state
    recent = _remember(test, state, block, step.end)
    baseline = baseline_of(test, state, step.given)
    if baseline is None:
        return replace(state, first=state.first + block, last_step=step.end, recent=recent)
    growth = log_growth(test.kind, baseline.upper + test.tolerance, block)
    evidence = accumulate(state.evidence, growth, _weight(test, step.end - state.last_step, step.share))
    return replace(
        state,
        tested=state.tested + block,
        last_step=step.end,
        evidence=tuple(evidence.tolist()),
        recent=recent,
    )


def recent_losses(test: LabelTest, state: LabelEvidence, now: float) -> Losses:
    """Return the losses of the window that ends now."""
    oldest = _bucket(test, now) - RECENT_BUCKETS
    return sum((losses for index, losses in state.recent if index > oldest), NO_LOSSES)


def evidence_of(test: LabelTest, state: LabelEvidence, share: float) -> float:
    """Return the share of the evidence that an alarm takes; 1 is an alarm."""
    if is_alarm(state.evidence):
        return 1.0
    return min(evidence_share(state.evidence, _weight(test, USUAL_STEP_SECONDS, share)), 0.99)


def budget_shares(slices: int) -> tuple[float, float]:
    """Return the shares of the budget of false alarms: that of all rows, and that of each slice."""
    return (1.0, 0.0) if slices == 0 else (1 - SLICES_SHARE, SLICES_SHARE / slices)


def _weight(test: LabelTest, seconds: float, share: float) -> float:
    return max(seconds, 1e-3) / PERIOD_SECONDS * test.false_alarms_per_30_days * share


def _remember(
    test: LabelTest, state: LabelEvidence, block: Losses, now: float
) -> tuple[tuple[int, Losses], ...]:
    index = _bucket(test, now)
    kept = {at: losses for at, losses in state.recent if at > index - RECENT_BUCKETS}
    kept[index] = kept.get(index, NO_LOSSES) + block
    return tuple(sorted(kept.items()))


def _bucket(test: LabelTest, now: float) -> int:
    return int(now // (test.window_seconds / RECENT_BUCKETS))
