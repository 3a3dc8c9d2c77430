"""Small plots that stand in a table's row: an interval beside its bound, a bar. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from holdfast.report.document import Check
from holdfast.report.markup import Markup, element
from holdfast.report.thresholds import Bounded, Threshold

WIDTH: Final = 240
HEIGHT: Final = 28
_MARGIN: Final = 8
_MIDDLE: Final = HEIGHT / 2


@dataclass(frozen=True)
class Axis:
    """A scale on which ``middle`` stands in the middle of a plot, and ``reach`` at its ends."""

    middle: float
    reach: float
    is_reversed: bool = False

    @classmethod
    def around(cls, middle: float, values: Iterable[float | None], *, is_reversed: bool = False) -> "Axis":
        """Return the scale on which all values have room."""
        furthest = max((abs(each - middle) for each in values if each is not None), default=0.0)
        return cls(middle, min(furthest * 1.1, 1e300) or 1.0, is_reversed)

    def at(self, value: float) -> float:
        """Return where a value is, in units of the plot; what is beyond stands at the edge."""
        share = max(-1.0, min(1.0, (value - self.middle) / self.reach))
        return round(WIDTH / 2 + (-share if self.is_reversed else share) * (WIDTH / 2 - _MARGIN), 2)


def plot(title: str, *marks: Markup | None) -> Markup:
    """Return marks as a picture with a title that is read out."""
    return element(
        "svg",
        element("title", title),
        *marks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="plot",
    )


def check_plot(check: Check, title: str) -> Markup | None:
    """Return where the candidate is beside its bound: to the right of it, shaded, is what is not allowed."""
    threshold = Threshold.parse(check.threshold, check.metric)
    tone = check.outcome.lower()
    if threshold.bounded is Bounded.OTHER or not isinstance(check.candidate, float | int):
        return None
    if threshold.bounded is Bounded.WORSENING:
        if check.regression is None:
            return None
        axis = Axis.around(0, (check.regression, check.low, check.high, threshold.bound))
        marks = (_interval(axis, check.low, check.high, tone), _dot(axis, check.regression, tone))
        return plot(title, _forbidden(axis, threshold.bound), _line(axis, 0, "zero"), *marks)
    ends = (check.low, check.high) if threshold.bounded is Bounded.SPREAD else (None, None)
    values = (check.candidate, check.champion, *ends)
    axis = Axis.around(threshold.bound, values, is_reversed=threshold.is_least)
    before = None if check.champion is None else _diamond(axis, check.champion)
    return plot(
        title,
        _forbidden(axis, threshold.bound),
        _interval(axis, *ends, tone),
        before,
        _dot(axis, check.candidate, tone),
    )


def change_plot(
    axis: Axis, value: float, ends: tuple[float | None, float | None], tone: str, title: str
) -> Markup:
    """Return how much worse (right) or better (left) than the champion, on the scale of a whole column."""
    return plot(
        title, _line(axis, axis.middle, "zero"), _interval(axis, *ends, tone), _dot(axis, value, tone)
    )


def bar(share: float, tone: str) -> Markup:
    """Return a bar for a share of the longest one; below 0 it is nothing."""
    length = round(max(0.0, min(1.0, share)) * 100, 2)
    drawn = element("rect", x=0, y=1, width=length, height=6, rx=1, class_=tone)
    return element(
        "svg", drawn, viewBox="0 0 100 8", class_="bar", preserveAspectRatio="none", aria_hidden="true"
    )


def _forbidden(axis: Axis, bound: float) -> Markup:
    x = axis.at(bound)
    shade = element("rect", x=x, y=0, width=round(WIDTH - x, 2), height=HEIGHT, class_="forbidden")
    return Markup(shade + _line(axis, bound, "bound"))


def _line(axis: Axis, value: float, class_: str) -> Markup:
    x = axis.at(value)
    return element("line", x1=x, y1=0, x2=x, y2=HEIGHT, class_=class_)


def _interval(axis: Axis, low: float | None, high: float | None, tone: str) -> Markup | None:
    if low is None or high is None:
        return None
    first, last = sorted((axis.at(low), axis.at(high)))
    line = element("line", x1=first, y1=_MIDDLE, x2=last, y2=_MIDDLE, class_=f"interval {tone}")
    caps = (
        element("line", x1=x, y1=_MIDDLE - 4, x2=x, y2=_MIDDLE + 4, class_=f"interval {tone}")
        for x in (first, last)
    )
    return Markup(line + "".join(caps))


def _dot(axis: Axis, value: float, tone: str) -> Markup:
    return element("circle", cx=axis.at(value), cy=_MIDDLE, r=5, class_=f"dot {tone}")


def _diamond(axis: Axis, value: float) -> Markup:
    x, y = axis.at(value), _MIDDLE
    points = f"{x},{y - 6} {x + 6},{y} {x},{y + 6} {x - 6},{y}"
    return element("polygon", points=points, class_="champion-mark")
