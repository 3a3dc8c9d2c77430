"""Charts of distributions as inline SVG, without scripts or fonts. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.report.document import Calibration, Curve, Histogram
from holdfast.report.markup import Markup, element, join
from holdfast.report.numbers import decimals_of, written

WIDTH: Final = 440
HEIGHT: Final = 280
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 46
Points = Sequence[tuple[float, float]]
_FAR: Final = 1e300
"""What lies further out stands at the edge: the difference of two such numbers would not be finite."""

_DISTINCT: Final = 1e-9
"""Values that are closer than this, relative to their size, cannot be told apart by ticks."""


@dataclass(frozen=True)
class Range:
    """The values between which an axis runs."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Range":
        """Return the range of some values, never empty."""
        known = [max(-_FAR, min(_FAR, each)) for each in values]
        low, high = min(known), max(known)
        furthest = max(abs(low), abs(high))
        if high - low > max(furthest * _DISTINCT, 1 / _FAR):
            return cls(low, high)
        room = furthest / 1000 or 0.5
        return cls(low - room, high + room)

    @property
    def ticks(self) -> list[float]:
        """Return about five round numbers inside."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [at * step for at in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def share(self, value: float) -> float:
        """Return how far into the range a value is, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Frame:
    """Where a chart's values are on the page: both axes, with what they show."""

    x: Range
    y: Range
    x_title: str
    y_title: str
    y_ticks: bool = True

    def at(self, x: float, y: float) -> str:
        """Return a point as SVG coordinates."""
        return f"{self.across(x):.1f},{self.up(y):.1f}"

    def across(self, value: float) -> float:
        """Return a horizontal position."""
        return LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """Return a vertical position."""
        return HEIGHT - BOTTOM - self.y.share(value) * (HEIGHT - TOP - BOTTOM)

    def drawn(self, title: str, *marks: Markup | None) -> Markup:
        """Return the chart with its axes."""
        return element(
            "svg",
            element("title", title),
            join(self._grid()),
            *marks,
            viewBox=f"0 0 {WIDTH} {HEIGHT}",
            role="img",
            class_="chart",
        )

    def _grid(self) -> Iterable[Markup]:
        bottom = HEIGHT - BOTTOM
        for value, label in _labelled(self.x):
            x = round(self.across(value), 1)
            yield element("line", x1=x, y1=TOP, x2=x, y2=bottom, class_="grid")
            yield element("text", label, x=x, y=bottom + 18, text_anchor="middle")
        for value, label in _labelled(self.y) if self.y_ticks else ():
            y = round(self.up(value), 1)
            yield element("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="grid")
            yield element("text", label, x=LEFT - 6, y=y + 4, text_anchor="end")
        yield element("line", x1=LEFT, y1=bottom, x2=WIDTH - RIGHT, y2=bottom, class_="axis")
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield element("text", self.x_title, x=middle, y=HEIGHT - 6, text_anchor="middle", class_="title")
        y = (TOP + bottom) / 2
        turned = f"rotate(-90 14 {y:g})"
        yield element("text", self.y_title, x=14, y=y, text_anchor="middle", class_="title", transform=turned)


def _labelled(axis: Range) -> Iterable[tuple[float, str]]:
    ticks = axis.ticks
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = decimals_of(step, 1)
    return [(each, written(each, decimals=decimals)) for each in ticks]


def histogram(errors: Histogram) -> Markup:
    """Return the errors of both models: the champion's as an area, the candidate's as a line."""
    shares = [_shares(errors.candidate), *([_shares(errors.champion)] if errors.champion else [])]
    frame = Frame(
        Range.of(errors.edges),
        Range(0, max(max(each) for each in shares) * 1.05 or 1),
        "prediction − truth",
        "share of rows",
        y_ticks=False,
    )
    area = _steps(frame, errors.edges, shares[1]) if len(shares) > 1 else None
    return frame.drawn(
        "Distribution of the errors of champion and candidate",
        None if area is None else element("polygon", points=area, class_="champion-area"),
        element("polyline", points=_steps(frame, errors.edges, shares[0]), class_="candidate-line"),
        _vertical(frame, 0.0),
    )


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [each / total for each in counts]


def _steps(frame: Frame, edges: Sequence[float], heights: Sequence[float]) -> str:
    points = [frame.at(edges[0], 0)]
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        points += [frame.at(left, height), frame.at(right, height)]
    return " ".join([*points, frame.at(edges[-1], 0)])


def _vertical(frame: Frame, value: float) -> Markup | None:
    if not frame.x.low <= value <= frame.x.high:
        return None
    x = round(frame.across(value), 1)
    return element("line", x1=x, y1=TOP, x2=x, y2=HEIGHT - BOTTOM, class_="zero")


def calibration_chart(calibration: Calibration, *, of_class: bool) -> Markup:
    """Return what was true where so much is predicted: on the diagonal, predictions are right on average."""
    points = [[(each.predicted, each.actual) for each in calibration.candidate]]
    if calibration.champion:
        points.append([(each.predicted, each.actual) for each in calibration.champion])
    both = Range(0, 1) if of_class else Range.of(value for each in points for pair in each for value in pair)
    words = (
        ("mean predicted probability", "share that was true")
        if of_class
        else ("mean prediction", "mean truth")
    )
    frame = Frame(both, both, *words)
    return _curves(frame, "Calibration of champion and candidate", points, _dots)


def roc_chart(curve: Curve) -> Markup:
    """Return the ROC curves; the higher, the better the classes are told apart."""
    points = [curve.candidate, *([curve.champion] if curve.champion else [])]
    frame = Frame(Range(0, 1), Range(0, 1), "false positive rate", "true positive rate")
    return _curves(frame, "ROC curves of champion and candidate", points, None)


def _curves(
    frame: Frame, title: str, points: Sequence[Points], dots: Callable[[Frame, Points, str], Markup] | None
) -> Markup:
    diagonal = element(
        "polyline",
        points=f"{frame.at(frame.x.low, frame.x.low)} {frame.at(frame.x.high, frame.x.high)}",
        class_="zero",
    )
    marks = []
    for each, name in reversed(list(zip(points, ("candidate", "champion"), strict=False))):
        line = " ".join(frame.at(x, y) for x, y in each)
        marks.append(element("polyline", points=line, class_=f"{name}-line"))
        marks.append(dots(frame, each, name) if dots else Markup())
    return frame.drawn(title, diagonal, *marks)


def _dots(frame: Frame, points: Points, name: str) -> Markup:
    return join(
        element("circle", cx=round(frame.across(x), 1), cy=round(frame.up(y), 1), r=3, class_=f"{name}-dot")
        for x, y in points
    )
