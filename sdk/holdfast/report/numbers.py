"""Numbers and names of metrics as people read them: no more digits than the interval deserves. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.evaluation_metrics import METRICS

NOTHING: Final = "–"
TITLES: Final[Mapping[str, str]] = {
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
    "r2": "R²",
    "ndcgAt10": "NDCG of the first ten",
    "accuracy": "Accuracy",
    "balancedAccuracy": "Balanced accuracy",
    "f1": "F1 score",
    "auc": "Area under the ROC curve",
    "logLoss": "Log loss",
    "brier": "Brier score",
    "selectionRate": "Selection rate",
    "truePositiveRate": "True positive rate",
    "falsePositiveRate": "False positive rate",
    "demographicParityDifference": "Demographic parity difference",
    "equalizedOddsDifference": "Equalized odds difference",
    "latencyP95Milliseconds": "Latency of one row, 95th percentile",
    "packageBytes": "Size of the package",
    "signature": "Inputs and outputs",
    "holdoutOverlap": "Share of the holdout that was trained on",
    "slices": "Figures of slices",
}
_SHORT: Final = {
    "mae": "MAE",
    "rmse": "RMSE",
    "auc": "AUC",
    "ndcgAt10": "NDCG@10",
    "latencyP95Milliseconds": "Latency (p95)",
    "packageBytes": "Package size",
}
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_SHARES: Final = frozenset({"holdoutOverlap"})
_MOST_DECIMALS: Final = 6
_TOO_LONG: Final = 1e12


def title_of(metric: str) -> str:
    """Return the name of a metric in words."""
    return TITLES.get(metric, metric)


def short_title(metric: str) -> str:
    """Return the name of a metric as short as it is known."""
    return _SHORT.get(metric, title_of(metric))


def in_sentence(metric: str) -> str:
    """Return the name of a metric as it stands inside of a sentence."""
    title = short_title(metric)
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


@dataclass(frozen=True)
class Figures:
    """The numbers of a comparison in words; ``change`` is candidate less champion, with its sign."""

    champion: str
    candidate: str
    change: str
    interval: str

    @property
    def change_and_interval(self) -> str:
        """Return the change, with its interval if there is one."""
        return f"{self.change} ({self.interval})" if self.interval else self.change


@dataclass(frozen=True)
class Comparison:
    """The numbers of one metric of both models; ``low`` and ``high`` bound the regression."""

    metric: str
    champion: float | None = None
    candidate: float | None = None
    regression: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def change(self) -> tuple[float | None, float | None, float | None]:
        """Return how much higher the candidate is, and the interval of that."""
        if not _is_higher_better(self.metric):
            return self.regression, self.low, self.high
        return _negative(self.regression), _negative(self.high), _negative(self.low)

    def figures(self) -> Figures:
        """Return the numbers in words, all with the same number of decimals."""
        change, low, high = self.change
        decimals, of_change = self._decimals()
        interval = ""
        if low is not None and high is not None:
            interval = f"{written(low, self.metric, decimals, signed=True)} to "
            interval += written(high, self.metric, decimals, signed=True)
        return Figures(
            written(self.champion, self.metric, decimals),
            written(self.candidate, self.metric, decimals),
            written(change, self.metric, of_change, signed=True),
            interval,
        )

    def _decimals(self) -> tuple[int, int]:
        """Return the decimals of both values, and of the change."""
        if self.low is not None and self.high is not None and self.high > self.low:
            decimals = decimals_of((self.high - self.low) / 2, 2)
            return decimals, decimals
        known = [abs(each) for each in (self.candidate, self.champion) if each]
        decimals = decimals_of(max(known), 3) if known else 0
        return decimals, decimals_of(abs(self.regression), 2) if self.regression else decimals


def decimals_of(value: float, digits: int) -> int:
    """Return how many decimals show so many significant digits of a positive number."""
    return min(_MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(value))))


def written(
    value: float | str | None, metric: str = "", decimals: int | None = None, *, signed: bool = False
) -> str:
    """Return a number of a metric with its unit; a text as it is."""
    if value is None or isinstance(value, str):
        return value or NOTHING
    if metric == "packageBytes":
        return f"{_sign(value, signed)}{bytes_in_words(abs(value))}"
    if metric in _SHARES:
        return f"{_sign(value, signed)}{percent(abs(value))}"
    if abs(value) >= _TOO_LONG:
        return f"{_sign(value, signed)}{abs(value):.3g}"
    chosen = decimals if decimals is not None else decimals_of(abs(value), 3) if value else 0
    unit = "\u00a0ms" if metric == "latencyP95Milliseconds" else ""
    rounded = f"{abs(value):,.{chosen}f}"
    if value and not rounded.strip("0.,") and decimals is None:
        rounded = f"{abs(value):.2g}"
    is_zero = not rounded.strip("0.,")
    return f"{'' if is_zero else _sign(value, signed)}{rounded}{unit}"


def plain(value: float, metric: str) -> str:
    """Return a bound of a metric as whoever has set it wrote it, with its unit."""
    if metric == "packageBytes" or metric in _SHARES:
        return written(value, metric)
    unit = "\u00a0ms" if metric == "latencyP95Milliseconds" else ""
    return f"{_sign(value, False)}{abs(value):,.10g}{unit}"


def bytes_in_words(value: float) -> str:
    """Return a number of bytes with three digits, such as 1.25 MB."""
    power = 0
    while value >= 999.5 and power < len(_UNITS) - 1:
        value, power = value / 1000, power + 1
    shown = f"{value:,.0f}" if 999.5 <= value < _TOO_LONG else f"{value:.3g}"
    return f"{shown}\u00a0{_UNITS[power]}"


def duration_in_words(seconds: int) -> str:
    """Return seconds as hours, minutes and seconds, without the parts that are nothing."""
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"


def percent(share: float) -> str:
    """Return a share in per cent."""
    return f"{100 * share:.3g}\u00a0%"


def _sign(value: float, signed: bool) -> str:
    return "−" if value < 0 else "+" if signed and value > 0 else ""


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _is_higher_better(metric: str) -> bool:
    known = METRICS.get(metric)
    return known is not None and known.higher_is_better is True
