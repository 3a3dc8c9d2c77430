"""The picture of a run: how wrong the answers were, and how far the weather had moved."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tests.demo.journal import Journal, Told
from tests.demo.results import revisions_of, since
from tests.demo.schedule import Schedule

ROLLING_HOURS = 7 * 24
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 11.0, 7.0, 160
INK, GREY, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
MARKS = {
    "alarm": ("#d64545", "v", "drift confirmed"),
    "promotion": ("#18981d", "^", "retrained and rolled out"),
    "rejection": ("#b44d12", "X", "retrained and rejected"),
}
HEADROOM = 1.2
"""Room for the legend above the lines."""
REVISIONS = ("#9446ed", "#2680c2", "#0c8577", "#b8891b", "#a30664", "#35469c")
FEATURES = {"tmin": ("#2680c2", "lowest temperature"), "tmax": ("#e12d39", "highest temperature")}
STYLE: Any = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.labelcolor": INK,
    "svg.hashsalt": "demo",
}


def draw(journal: Journal, schedule: Schedule) -> Figure:
    """Return the picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        errors, drift = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.suptitle(
            "A model of winter meets summer: bike rides in Washington, April to July 2011",
            x=0.01,
            ha="left",
            fontsize=14,
            fontweight="bold",
        )
        _draw_errors(errors, journal)
        _draw_drift(drift, journal, schedule)
        for axes in (errors, drift):
            _mark_moments(axes, journal, marked=axes is errors)
            _add_legend(axes)
            _tidy(axes)
        _explain_signs(figure)
        return figure


def save_png(figure: Figure, path: Path) -> None:
    """Write the picture as PNG."""
    with mpl.rc_context(STYLE):
        figure.savefig(path, dpi=DOTS_PER_INCH, facecolor="white")


def to_svg(figure: Figure) -> str:
    """Return the picture as SVG, without the XML header, to be put into a page."""
    text = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", facecolor="white", metadata={"Date": None})
    content = text.getvalue()
    return content[content.index("<svg") :]


def rolling_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the mean of the last ``width`` values, NaN left out; of fewer at the beginning."""
    present = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(present, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(present)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - width, 0)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float64] = (sums[end] - sums[start]) / (counts[end] - counts[start])
    return mean


def _draw_errors(axes: Axes, journal: Journal) -> None:
    time = journal.hour.astype("datetime64[s]")
    axes.plot(
        time,
        rolling_mean(journal.unchanged_error, ROLLING_HOURS),
        ":",
        color=GREY,
        linewidth=2,
        label="the first model, left alone",
    )
    served = rolling_mean(journal.served_error, ROLLING_HOURS)
    revisions = revisions_of(journal)
    starts = [np.datetime64(since(journal, each["name"])) for each in revisions]
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else np.datetime64(journal.answers[-1]["hour"])
        rows = (journal.hour >= start) & (journal.hour <= end)
        label = "the first model" if index == 0 else f"retrained {_number(index)}"
        axes.plot(
            time[rows], served[rows], color=REVISIONS[index % len(REVISIONS)], linewidth=2.5, label=label
        )
    axes.set_ylabel("wrong by, bikes per hour\n(mean of the last 7 days)")


def _draw_drift(axes: Axes, journal: Journal, schedule: Schedule) -> None:
    time = np.array([each.hour for each in journal.drift], dtype="datetime64[h]").astype("datetime64[s]")
    too_few = np.array([each.rows < schedule.min_samples for each in journal.drift])
    restarts = _restarts(journal)
    for name, (color, words) in FEATURES.items():
        values = np.array([each.divergence.get(name, np.nan) for each in journal.drift])
        values[restarts] = np.nan
        axes.plot(time, values, color=color, linewidth=1, alpha=0.3)
        decided = np.where(too_few, np.nan, values)
        axes.plot(time, decided, color=color, linewidth=1.8, label=f"{words} of the day")
    level = f"alarm: certainly above the tolerance of {schedule.tolerance:g}"
    axes.axhline(journal.alarm_level, color=GREY, linestyle="--", linewidth=1, label=level)
    axes.set_ylabel("drift from the model's profile\n(divergence, last 2 weeks)")


def _mark_moments(axes: Axes, journal: Journal, marked: bool) -> None:
    for kind, (color, sign, _) in MARKS.items():
        places = [_place(told) for told in journal.of(kind)]
        for place in places:
            axes.axvline(place, color=color, linewidth=1.2, alpha=0.7, zorder=1)
        if marked and places:  # an empty line would still take its place, in the corner of the picture
            top = axes.get_xaxis_transform()
            axes.plot(places, [1.03] * len(places), sign, color=color, transform=top, clip_on=False)


def _add_legend(axes: Axes) -> None:
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    axes.set_ylim(0, axes.get_ylim()[1] * HEADROOM)
    axes.legend(handles=lines, loc="upper left", ncols=3, facecolor="white", framealpha=0.9, edgecolor="none")


def _explain_signs(figure: Figure) -> None:
    signs = [
        Line2D([], [], color=color, marker=sign, linewidth=1.2, label=words)
        for color, sign, words in MARKS.values()
    ]
    figure.legend(handles=signs, loc="outside lower center", ncols=len(signs), frameon=False)


def _restarts(journal: Journal) -> list[int]:
    """Return the first samples after a new revision: the line is not drawn from one profile to the next."""
    promoted = [told.hour for told in journal.of("promotion")]
    hours = [each.hour for each in journal.drift]
    return [
        index
        for index in range(1, len(hours))
        if any(hours[index - 1] < hour <= hours[index] for hour in promoted)
    ]


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(dates.MonthLocator())
    axes.xaxis.set_major_formatter(dates.DateFormatter("%-d %B"))
    axes.xaxis.set_minor_locator(dates.WeekdayLocator(dates.MO))


def _place(told: Told) -> float:
    place: float = dates.date2num(np.datetime64(told.hour).astype("datetime64[s]").astype(object))
    return place


def _number(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
