"""What the figures say, in words: whether it is better, how sure, and for whom it got worse. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holdfast.evaluation_metrics import METRICS, RATES_OF, Scope
from holdfast.report.document import Check, Gap, Metric, ReportDocument, Slice
from holdfast.report.numbers import Comparison, in_sentence, plain, short_title, title_of, written
from holdfast.report.thresholds import Bounded, Threshold

MAX_NAMED: Final = 4
"""Slices that a sentence names; the others are counted."""


class Finding(StrEnum):
    """What is known about a candidate beside the champion."""

    BETTER = "Better"
    WORSE = "Worse"
    UNCLEAR = "No clear difference"
    SAME = "The same"
    CHANGED = "Changed"
    """Beyond doubt, but neither direction is better."""
    ALONE = "First model"
    INCOMPATIBLE = "Not comparable"
    TOO_FEW = "Too few rows"
    UNKNOWN = "Not measured"


def find(metric: Metric) -> Finding:
    """Return what a metric says: better or worse only where zero is outside of the interval."""
    low, high = metric.regression_low, metric.regression_high
    if metric.champion is None:
        return Finding.ALONE
    if low is None or high is None:
        return Finding.UNCLEAR
    if low == high == 0:
        return Finding.SAME
    if low <= 0 <= high:
        return Finding.UNCLEAR
    known = METRICS.get(metric.name)
    if known is not None and known.higher_is_better is None:
        return Finding.CHANGED
    return Finding.BETTER if high < 0 else Finding.WORSE


def find_in_slice(part: Slice, name: str) -> Finding:
    """Return what a metric says of the rows of a slice, if they are enough."""
    metric = next((each for each in part.metrics if each.name == name), None)
    if (part.rows if metric is None or metric.rows is None else metric.rows) < part.min_rows:
        return Finding.TOO_FEW
    return Finding.UNKNOWN if metric is None else find(metric)


def compared(metric: Metric) -> Comparison:
    """Return the numbers of a metric, to be written."""
    return Comparison(
        metric.name,
        metric.champion,
        metric.candidate,
        metric.regression,
        metric.regression_low,
        metric.regression_high,
    )


def main_metric(document: ReportDocument) -> Metric | None:
    """Return the metric to look at first: that of the first check on rows, else the first of all."""
    asked = [rate for check in document.checks for rate in RATES_OF.get(check.metric, (check.metric,))]
    found = (document.metric(name) for name in asked if _is_of_rows(name) and _has_direction(name))
    of_rows = (each for each in document.metrics if _is_of_rows(each.name))
    return next((each for each in found if each is not None), next(of_rows, None))


def metrics_of_column(document: ReportDocument, column: str) -> list[str]:
    """Return the metrics to be shown of a slice column, those that the gate asks about it first."""
    first = main_metric(document)
    measured = [each.name for part in document.slices if part.name == column for each in part.metrics]
    asked = sorted(_asked(document, column), key=lambda name: not _has_direction(name))
    wanted = [*asked, *([first.name] if first else []), *measured]
    return [name for name in dict.fromkeys(wanted) if name in measured]


def _asked(document: ReportDocument, column: str) -> list[str]:
    return [
        rate
        for check in document.checks
        if check.slice is not None and check.slice.partition("=")[0] == column
        for rate in RATES_OF.get(check.metric, (check.metric,))
    ]


def columns(document: ReportDocument) -> list[str]:
    """Return the slice columns, in their order."""
    return list(dict.fromkeys(part.name for part in document.slices))


@dataclass(frozen=True)
class Place:
    """A slice, by column and value, and the metric that says something of it."""

    column: str
    value: str
    metric: str


@dataclass(frozen=True)
class Groups:
    """The slices that it is better or worse for beyond doubt, by each metric that the gate asks about."""

    worse: Sequence[Place]
    better: Sequence[Place]
    too_few: Sequence[Place]
    judged: int
    """Intervals that were looked at."""

    @classmethod
    def of(cls, document: ReportDocument) -> "Groups":
        """Sort the slices; too few rows have those that no metric can be judged of."""
        found = [
            (Place(part.name, part.value, name), find_in_slice(part, name))
            for part in document.slices
            for name in judging_metrics(document, part.name)
        ]
        known = {(place.column, place.value) for place, each in found if each not in _NOT_JUDGED}
        few = {
            (place.column, place.value): place
            for place, each in found
            if each is Finding.TOO_FEW and (place.column, place.value) not in known
        }

        def those(finding: Finding) -> list[Place]:
            return [place for place, each in found if each is finding]

        judged = sum(each not in _NOT_JUDGED for _, each in found)
        return cls(those(Finding.WORSE), those(Finding.BETTER), list(few.values()), judged)


_NOT_JUDGED: Final = (Finding.TOO_FEW, Finding.UNKNOWN, Finding.ALONE)


def judging_metrics(document: ReportDocument, column: str) -> list[str]:
    """Return the metrics by which a slice is better or worse: those that the gate asks, else the first."""
    first = main_metric(document)
    measured = metrics_of_column(document, column)
    asked = [name for name in _asked(document, column) if name in measured and _has_direction(name)]
    return list(dict.fromkeys(asked)) or [name for name in measured if first and name == first.name]


def places(found: Sequence[Place], document: ReportDocument) -> str:
    """Return slices in words, by column and metric; the metric is said where it is not the first."""
    first = main_metric(document)
    told: dict[tuple[str, str], list[str]] = {}
    for place in found:
        told.setdefault((place.column, place.metric), []).append(place.value)
    return "; ".join(
        f"{column} = {named(values)}"
        + ("" if first and metric == first.name else f" ({in_sentence(metric)})")
        for (column, metric), values in told.items()
    )


def headline(document: ReportDocument) -> tuple[Finding, str]:
    """Return whether it is better overall, and the numbers of that in a sentence without its full stop."""
    metric = main_metric(document)
    rows = f"on {document.holdout.rows:,} held-out rows"
    if metric is None:
        return Finding.UNKNOWN, f"judged {rows}; the report of the package has the figures"
    figures = compared(metric).figures()
    name = short_title(metric.name)
    if document.champion.signature == "Incompatible":
        why = "inputs or outputs differ from the champion's, so that the two cannot be compared"
        return Finding.INCOMPATIBLE, f"{name} {figures.candidate} {rows}; {why}"
    finding = find(metric)
    if finding is Finding.ALONE:
        return finding, f"{name} {figures.candidate} {rows}; there is no champion to compare with"
    sure = f", 95\u00a0% interval {figures.interval}" if figures.interval else ", interval unknown"
    return finding, f"{name} {figures.champion} → {figures.candidate} ({figures.change}{sure}) {rows}"


def for_whom(document: ReportDocument) -> tuple[str, str]:
    """Return for whom it is worse, and how many slices cannot be judged; empty where there are none."""
    groups = Groups.of(document)
    whom = "no slice got worse" if groups.judged else ""
    if groups.worse:
        whom = f"worse for {places(groups.worse, document)}"
    count = len(groups.too_few)
    few = f"{count} slices are too small to judge" if count > 1 else "one slice is too small to judge"
    return whom, few if count else ""


def verdict_sentence(document: ReportDocument) -> str:
    """Return the verdict in one sentence."""
    finding, sentence = headline(document)
    return f"{finding}: {'; '.join(part for part in (sentence, *for_whom(document)) if part)}."


def named(names: Sequence[str]) -> str:
    """Return the first names, and how many others there are."""
    shown, others = list(names[:MAX_NAMED]), len(names) - MAX_NAMED
    if others > 0:
        return f"{', '.join(shown)} and {others} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def gate_sentence(document: ReportDocument) -> str:
    """Return what the gate makes of it, in a sentence."""
    checks = document.checks
    failed, open_ = (_with(checks, outcome) for outcome in ("Fail", "Inconclusive"))
    if failed:
        return f"{_count(len(failed), len(checks))} {_verb(len(failed), 'fail')}: {_subjects(failed)}."
    if open_:
        return f"{_count(len(open_), len(checks))} cannot be decided: {_subjects(open_)}."
    return f"All {len(checks)} checks pass." if len(checks) > 1 else "The only check passes."


def _with(checks: Iterable[Check], outcome: str) -> list[Check]:
    return [each for each in checks if each.outcome == outcome]


def _count(some: int, all_: int) -> str:
    return f"{some} of {all_} checks" if all_ > 1 else "The only check"


def _verb(count: int, verb: str) -> str:
    return verb if count != 1 else f"{verb}s"


def _subjects(checks: Sequence[Check]) -> str:
    return named(list(dict.fromkeys(subject(each) for each in checks)))


def subject(check: Check) -> str:
    """Return what a check is about."""
    name = short_title(check.metric)
    if check.slice is None:
        return name
    if "=" in check.slice:
        return f"{name} of {check.slice.replace('=', ' = ', 1)}"
    return f"{name} between values of {check.slice}"


def explain(check: Check) -> str:
    """Return why a check has its outcome, in words; nothing where the numbers say it."""
    threshold = Threshold.parse(check.threshold, check.metric)
    note = _METRIC_NAME.sub(lambda found: in_sentence(found[0]), check.note or "")
    if check.outcome == "Pass":
        return note
    if check.candidate is None or isinstance(check.candidate, str):
        return note or ("it is another one" if check.outcome == "Fail" else "it could not be measured")
    if check.outcome == "Fail":
        sure = threshold.bounded in (Bounded.WORSENING, Bounded.SPREAD) and check.low is not None
        why = "beyond the bound with 95\u00a0% confidence" if sure else "beyond the bound"
    elif check.low is None:
        why = "" if note else "too few rows for an interval"
    else:
        why = "" if note else "the interval spans the bound: more held-out rows would decide it"
    return "; ".join(part for part in (why, note) if part)


def allowed(check: Check) -> str:
    """Return the bound of a check as a person would say it."""
    threshold = Threshold.parse(check.threshold, check.metric)
    if threshold.bounded is Bounded.OTHER:
        return _WANTED.get(check.threshold.partition(" ")[0], check.threshold)
    is_gap = check.slice is not None and "=" not in check.slice
    return threshold.words(plain(threshold.bound, check.metric), is_gap=is_gap)


_WANTED: Final = {"Compatible": "compatible with the champion's", "Identical": "as the champion's"}


_METRIC_NAME: Final = re.compile(rf"\b(?:{'|'.join(METRICS)})\b")


def gap_sentence(gap: Gap) -> str:
    """Return between whom the gap is, in words."""
    if gap.candidate is None or gap.lowest is None or gap.highest is None:
        return "fewer than two slices have enough rows"
    low, high = (f"{value} ({written(rate)})" for value, rate in (gap.lowest, gap.highest))
    few = f"; {gap.not_judged} more have too few rows" if gap.not_judged else ""
    return f"{title_of(gap.rate)}: lowest for {low}, highest for {high}{few}"


def _is_of_rows(name: str) -> bool:
    known = METRICS.get(name)
    return known is not None and known.scope == Scope.ROWS


def _has_direction(name: str) -> bool:
    known = METRICS.get(name)
    return known is not None and known.higher_is_better is not None
