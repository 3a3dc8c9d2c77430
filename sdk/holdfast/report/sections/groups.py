"""For whom it got better or worse: the slices of the holdout, and the gaps between them. Pure."""

from collections.abc import Sequence

from holdfast.evaluation_metrics import METRICS
from holdfast.report.document import Gap, Metric, ReportDocument, Slice
from holdfast.report.findings import (
    Finding,
    Groups,
    columns,
    compared,
    find_in_slice,
    gap_sentence,
    judging_metrics,
    metrics_of_column,
    named,
    places,
)
from holdfast.report.markup import Markup, element, join, paragraph, section, table
from holdfast.report.numbers import Comparison, short_title, title_of
from holdfast.report.plots import Axis, change_plot

MANY = 20
"""So many intervals at 95\u00a0%, and one of them may well lie beside zero by chance."""
_TONES = {Finding.BETTER: "better", Finding.WORSE: "worse", Finding.TOO_FEW: "few"}
_SIGNS = {Finding.BETTER: "▼ ", Finding.WORSE: "▲ "}
_CLASSES = {Finding.BETTER: "good", Finding.WORSE: "bad"}


def render_groups(document: ReportDocument) -> Markup | None:
    """Return the section, if the holdout has slices or the gate asks about gaps."""
    if not document.slices and not document.gaps:
        return None
    return section(
        "groups",
        "For whom it got better or worse",
        _summary(document),
        *(_gaps(document.gaps) if document.gaps else ()),
        *(part for column in columns(document) for part in _column(document, column)),
        _left_out(document),
    )


def _summary(document: ReportDocument) -> Markup | None:
    groups = Groups.of(document)
    lines = [
        (groups.worse, "Worse for ", "bad"),
        (groups.better, "Better for ", "good"),
        (groups.too_few, "Too few rows to judge: ", "unsure"),
    ]
    said = [
        element("li", element("span", words, class_=f"tag {tone}"), f"{places(found, document)}.")
        for found, words, tone in lines
        if found
    ]
    if groups.judged and not groups.worse:
        said.insert(0, element("li", "No slice got worse beyond doubt."))
    if groups.judged >= MANY:
        missed = f"about {groups.judged // 20} miss the truth by chance"
        chance = f"Among {groups.judged} intervals of 95\u00a0%, {missed}."
        said.append(element("li", chance, class_="muted"))
    return element("ul", *said, class_="plain") if said else None


def _column(document: ReportDocument, column: str) -> list[Markup]:
    parts = [part for part in document.slices if part.name == column]
    names = metrics_of_column(document, column)
    if not names:
        return [element("h3", column), paragraph("No metric is defined for these rows.", class_="muted")]
    judging = judging_metrics(document, column)
    first = [*judging, *(name for name in names if name not in judging)][: max(1, len(judging))]
    more = [_table(parts, column, name) for name in names if name not in first]
    return [
        element("h3", column),
        *(_table(parts, column, name) for name in first),
        element("details", element("summary", f"Other metrics by {column}"), *more) if more else Markup(),
    ]


def _table(parts: Sequence[Slice], column: str, name: str) -> Markup:
    found = {id(part): _metric(part, name) for part in parts}
    known = [each for each in found.values() if each is not None]
    ends = [value for each in known for value in (each.regression, each.regression_low, each.regression_high)]
    axis = Axis.around(0, ends)
    known_metric = METRICS.get(name)
    is_neutral = known_metric is not None and known_metric.higher_is_better is None
    sides = "lower ← no change → higher" if is_neutral else "better ← no change → worse"
    return table(
        f"{title_of(name)} by {column}; changes with their 95\u00a0% intervals",
        (
            column,
            "Rows",
            "Champion",
            "This model",
            "Change",
            sides,
            "",
        ),
        [_row(part, found[id(part)], axis, name) for part in parts],
        class_="cards groups",
        numeric=(1, 2, 3, 4),
    )


def _metric(part: Slice, name: str) -> Metric | None:
    return next((each for each in part.metrics if each.name == name), None)


def _row(part: Slice, metric: Metric | None, axis: Axis, name: str) -> tuple[str, ...]:
    finding = find_in_slice(part, name)
    rows = part.rows if metric is None or metric.rows is None else metric.rows
    figures = (compared(metric) if metric else Comparison(name)).figures()
    drawn = None
    if metric is not None and metric.regression is not None:
        tone = _TONES.get(finding, "unclear")
        title = f"{part.name} = {part.value}: {figures.change_and_interval}, {finding}"
        ends = (metric.regression_low, metric.regression_high)
        drawn = change_plot(axis, metric.regression, ends, tone, title)
    words = element(
        "span", f"{_SIGNS.get(finding, '')}{finding}", class_=f"tag {_CLASSES.get(finding, 'muted')}"
    )
    return (
        part.value,
        join((f"{part.rows:,}", element("small", _counting(rows)) if rows != part.rows else None)),
        figures.champion,
        figures.candidate,
        join((figures.change, element("small", figures.interval) if figures.interval else None)),
        drawn or "",
        join(
            (words, element("small", f"{part.min_rows} are needed") if finding is Finding.TOO_FEW else None)
        ),
    )


def _counting(rows: int) -> str:
    return f"{rows:,} of them count" if rows else "too few of them count"


def _gaps(gaps: Sequence[Gap]) -> list[Markup]:
    return [
        table(
            "Largest differences between slices",
            ("Gap", "Champion", "This model", "Certainly within", "Between whom"),
            [_gap_row(gap) for gap in gaps],
            class_="cards gaps",
            numeric=(1, 2, 3),
        )
    ]


def _gap_row(gap: Gap) -> tuple[str, ...]:
    increase = None if gap.candidate is None or gap.champion is None else gap.candidate - gap.champion
    figures = Comparison(
        "", gap.champion, gap.candidate, increase, gap.increase_low, gap.increase_high
    ).figures()
    spread = Comparison("", None, gap.candidate, None, gap.low, gap.high).figures()
    grown = element("small", f"{figures.change_and_interval} wider") if increase is not None else None
    return (
        f"{short_title(gap.metric)} by {gap.column}",
        figures.champion,
        join((figures.candidate, grown)),
        spread.interval.replace("+", "") or "–",
        gap_sentence(gap),
    )


def _left_out(document: ReportDocument) -> Markup | None:
    names = document.holdout.columns_left_out
    if not names:
        return None
    return paragraph(
        f"Not looked at: {named(names)}. Name them in a check to have them judged.", class_="muted"
    )
