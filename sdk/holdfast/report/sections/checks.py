"""The checks of the gate as a forest plot: each with its numbers, interval, bound and outcome. Pure."""

from holdfast.report.document import Check, ReportDocument
from holdfast.report.findings import allowed, explain, subject
from holdfast.report.markup import Markup, element, join, paragraph, section, table
from holdfast.report.numbers import NOTHING, Comparison, Figures, title_of, written
from holdfast.report.plots import check_plot
from holdfast.report.sections.verdict import SIGNS, TONES
from holdfast.report.thresholds import Bounded, Threshold

MAX_SHOWN = 60


def render_checks(document: ReportDocument) -> Markup:
    """Return the checks, those that fail first; many that pass are only counted."""
    order = {"Fail": 0, "Inconclusive": 1, "Pass": 2}
    ranked = sorted(document.checks, key=lambda check: order[check.outcome])
    rows = [_row(check) for check in ranked[:MAX_SHOWN]]
    left = len(document.checks) - len(rows)
    return section(
        "checks",
        "What the gate checked",
        paragraph(
            "The dot is this model, the line its 95\u00a0% confidence interval. The shaded side is not "
            "allowed: a check passes only if the whole interval is outside, and fails only if all of it is "
            "inside. A dashed line or a diamond marks the champion.",
            class_="muted",
        ),
        table(
            "Checks of the gate; changes with their 95\u00a0% intervals",
            (
                "Check",
                "Champion",
                "This model",
                "Change",
                "fine ← bound → not allowed",
                "Allowed",
                "Outcome",
            ),
            rows,
            class_="cards checks",
            numeric=(1, 2, 3),
        ),
        paragraph(f"{left} more checks pass.", class_="muted") if left else None,
    )


def _row(check: Check) -> tuple[str, ...]:
    figures = figures_of(check)
    sign, tone = SIGNS[check.outcome], TONES[check.outcome]
    why = explain(check)
    about, title = subject(check), title_of(check.metric)
    said = f"{about}: {figures.change_and_interval}; allowed: {allowed(check)}; {check.outcome}"
    return (
        join((about, element("small", title) if check.slice is None and title != about else None)),
        figures.champion,
        figures.candidate,
        join((figures.change, element("small", figures.interval) if figures.interval else None)),
        check_plot(check, said) or "",
        allowed(check),
        join(
            (
                element("span", f"{sign} {check.outcome}", class_=f"tag {tone}"),
                element("small", why) if why else None,
            )
        ),
    )


def figures_of(check: Check) -> Figures:
    """Return the numbers of a check in words; an interval only where the bound is on what it is of."""
    if check.candidate is None or isinstance(check.candidate, str):
        return Figures(written(check.champion, check.metric), check.candidate or NOTHING, NOTHING, "")
    bounded = Threshold.parse(check.threshold, check.metric).bounded
    is_change = bounded is not Bounded.SPREAD
    low, high = (check.low, check.high) if is_change else (None, None)
    figures = Comparison(check.metric, check.champion, check.candidate, check.regression, low, high).figures()
    if is_change or check.low is None or check.high is None:
        return figures
    ends = f"{written(check.low, check.metric)} to {written(check.high, check.metric)}"
    return Figures(figures.champion, figures.candidate, figures.change, f"gap {ends}")
