"""Gaps between the slices of a column: how far apart a metric is, and how certain that is. Pure.

A gap is the largest difference between two slices. To pass, every pair's interval must lie within the bound
(each at 95 %: all have to hold, so none is favoured by being many); to fail, one pair must be beyond the
bound with a margin that allows for the number of pairs.

Source: Berger (1982), "Multiparameter Hypothesis Testing and Acceptance Sampling", Technometrics 24 (all have
to hold); Romano, Wolf (2005), as in ``holdfast.bootstrap`` (one is enough).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers
from holdfast.bootstrap import interval, largest_beyond_doubt
from holdfast.gate_terms import CheckTerms, SliceTerms
from holdfast.results import GapMetric
from holdfast.slices import ColumnFigures

Floats = NDArray[np.float64]
_CANDIDATE: Final = 0
_CHAMPION: Final = 1


@dataclass(frozen=True)
class GapComparison:
    """A gap of one column as a check asks for it."""

    column: str
    terms: SliceTerms
    metric: GapMetric


def compare_gap(check: CheckTerms, terms: SliceTerms, figures: ColumnFigures) -> GapComparison:
    """Return the gap that a check is about; without figures when fewer than two slices can be judged."""
    chosen = _chosen(terms, figures)
    judged = [each for each in chosen if _is_judged(check, terms, figures, each)]
    left_out = len(chosen) - len(judged)
    if terms.values is None:
        left_out += figures.column.other_values
    if len(judged) < 2:
        nothing = GapMetric(
            check.metric, terms.key, None, None, None, None, None, None, check.metric, None, None, left_out
        )
        return GapComparison(terms.column, terms, nothing)
    return GapComparison(terms.column, terms, _measured(check, terms, figures, judged, left_out))


def _chosen(terms: SliceTerms, figures: ColumnFigures) -> list[int]:
    values = figures.column.values
    return [each for each, value in enumerate(values) if terms.values is None or value in terms.values]


def _is_judged(check: CheckTerms, terms: SliceTerms, figures: ColumnFigures, each: int) -> bool:
    part = figures.parts[each]
    return all(
        part.rows_of(rate) >= terms.min_rows
        and all(points[each] is not None for points in _points(rate, figures))
        for rate in check.rates
    )


def _points(rate: str, figures: ColumnFigures) -> list[list[float | None]]:
    return [figures.points(rate, contender) for contender in range(len(figures.answers.contenders))]


def _measured(
    check: CheckTerms, terms: SliceTerms, figures: ColumnFigures, judged: Sequence[int], left_out: int
) -> GapMetric:
    ours = _Spread.of(check.rates, figures, judged, _CANDIDATE)
    theirs = None
    if figures.answers.champion is not None:
        theirs = _Spread.of(check.rates, figures, judged, _CHAMPION)
    groups = len(np.unique(np.concatenate([figures.parts[each].group for each in judged])))
    low, high = ours.bounds(groups)
    grown = None if theirs is None else interval(ours.gap_replicates - theirs.gap_replicates, groups)
    rate, lowest, highest = ours.ends
    return GapMetric(
        metric=check.metric,
        key=terms.key,
        champion=None if theirs is None else theirs.gap,
        candidate=_by_fairlearn(check.metric, figures, judged, ours.gap),
        low=low,
        high=high,
        increase_low=grown[0] if grown else None,
        increase_high=grown[1] if grown else None,
        rate=rate,
        lowest=(figures.column.values[judged[lowest[0]]], lowest[1]),
        highest=(figures.column.values[judged[highest[0]]], highest[1]),
        not_judged=left_out,
    )


@dataclass(frozen=True)
class _Spread:
    """Rates of the judged slices of one model: points [slices] and replicates [slices, resamples] of each."""

    rates: Sequence[str]
    points: Sequence[Floats]
    replicates: Sequence[Floats]

    @classmethod
    def of(
        cls, rates: Sequence[str], figures: ColumnFigures, judged: Sequence[int], contender: int
    ) -> "_Spread":
        points = [np.array([figures.points(rate, contender)[each] for each in judged]) for rate in rates]
        replicates = [figures.replicates(rate, contender)[list(judged)] for rate in rates]
        return cls(rates, [each.astype(np.float64) for each in points], replicates)

    @property
    def gap(self) -> float:
        return max(float(np.ptp(points)) for points in self.points)

    @property
    def gap_replicates(self) -> Floats:
        return np.asarray(np.max([np.ptp(each, axis=0) for each in self.replicates], axis=0))

    @property
    def ends(self) -> tuple[str, tuple[int, float], tuple[int, float]]:
        """Return the rate that differs most, and its lowest and highest slice with the rate there."""
        most = int(np.argmax([np.ptp(points) for points in self.points]))
        points = self.points[most]
        low, high = int(points.argmin()), int(points.argmax())
        return self.rates[most], (low, float(points[low])), (high, float(points[high]))

    def bounds(self, groups: int) -> tuple[float | None, float | None]:
        """Return what the gap certainly exceeds, and what it certainly does not exceed."""
        pairs = list(combinations(range(len(self.points[0])), 2))
        points = np.concatenate([_differences(each, pairs) for each in self.points])
        replicates = np.concatenate([_differences(each, pairs) for each in self.replicates])
        found = [interval(each, groups) for each in replicates]
        whole = replicates[:, np.isfinite(replicates).all(axis=0)]
        known = [each for each in found if each is not None]
        if len(known) < len(found) or whole.shape[1] < replicates.shape[1] / 2:
            return None, None
        high = max(max(abs(low), abs(high)) for low, high in known)
        return largest_beyond_doubt(points, whole, groups), high


def _differences(values: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    return np.stack([values[high] - values[low] for low, high in pairs])


def _by_fairlearn(metric: str, figures: ColumnFigures, judged: Sequence[int], gap: float) -> float:
    """Return Fairlearn's value of its two metrics; others are the plain gap."""
    names = {
        "demographicParityDifference": "demographic_parity_difference",
        "equalizedOddsDifference": "equalized_odds_difference",
    }
    if metric not in names:
        return gap
    import fairlearn.metrics

    part = figures.column.parts.of
    chosen = np.isin(part, judged)
    answers: Answers = figures.answers
    positive: Any = answers.candidate.positive
    truth = (answers.truth[chosen] == positive).astype(int)
    said = (np.asarray(answers.candidate.labels)[chosen] == positive).astype(int)
    return float(getattr(fairlearn.metrics, names[metric])(truth, said, sensitive_features=part[chosen]))
