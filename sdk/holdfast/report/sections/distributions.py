"""How both models predict: errors, calibration, ROC curves, classes, and what each feature is worth. Pure."""

from holdfast.report.charts import calibration_chart, histogram, roc_chart
from holdfast.report.document import ClassRecall, Importance, ReportDocument
from holdfast.report.markup import Markup, element, join, paragraph, section, table
from holdfast.report.numbers import NOTHING, decimals_of, percent, short_title, written
from holdfast.report.plots import bar

_KEYS = join(
    (
        element("span", class_="key candidate"),
        "this model",
        element("span", class_="key champion"),
        "champion",
    )
)


def render_distributions(document: ReportDocument) -> Markup | None:
    """Return the charts that the evaluator has measured for."""
    found = document.distributions
    of_class = document.task == "Classification"
    charts = [
        _figure("Errors", "Narrower and around zero is better.", histogram(found.residuals))
        if found.residuals
        else None,
        _figure(
            "Calibration",
            "On the diagonal, predictions are right on average.",
            calibration_chart(found.calibration, of_class=of_class),
        )
        if found.calibration
        else None,
        _figure("ROC curve", "Further up and left is better.", roc_chart(found.roc)) if found.roc else None,
    ]
    drawn = [each for each in charts if each is not None]
    classes = _classes(found.classes) if found.classes else None
    if not drawn and classes is None:
        return None
    return section(
        "distributions",
        "How they predict",
        paragraph(_KEYS, class_="legend") if drawn else None,
        element("div", *drawn, class_="charts") if drawn else None,
        classes,
    )


def _figure(name: str, hint: str, chart: Markup) -> Markup:
    return element("figure", element("figcaption", element("b", f"{name}. "), hint), chart)


def _classes(classes: list[ClassRecall]) -> Markup:
    return table(
        "Share of the rows of each class that are found",
        ("Class", "Rows", "Champion", "This model", "this model above, champion below"),
        [
            (
                each.name,
                f"{each.rows:,}",
                NOTHING if each.champion is None else percent(each.champion),
                percent(each.candidate),
                join((bar(each.candidate, "candidate"), bar(each.champion or 0, "champion"))),
            )
            for each in classes
        ],
        numeric=(1, 2, 3),
    )


def render_importance(importance: Importance | None) -> Markup | None:
    """Return what each feature is worth to both models."""
    if importance is None or not importance.features:
        return None
    values = [
        value
        for each in importance.features
        for value in (each.candidate, each.champion)
        if value is not None
    ]
    longest = max(values, default=0.0)
    longest = longest if longest > 0 else 1.0
    decimals = decimals_of(longest, 3)

    def number(value: float | None) -> str:
        return written(value, importance.metric, decimals, signed=True)

    rows = [
        (
            each.name,
            number(each.champion),
            number(each.candidate),
            join(
                (bar(each.candidate / longest, "candidate"), bar((each.champion or 0) / longest, "champion"))
            ),
        )
        for each in importance.features
    ]
    name = short_title(importance.metric)
    left = f" {importance.left_out} features were not looked at." if importance.left_out else ""
    return section(
        "importance",
        "What they go by",
        paragraph(
            f"How much worse the {name} becomes when the values of one feature are shuffled among "
            f"{importance.rows:,} held-out rows, once. Small values are noise, and features that say the "
            f"same share their worth.{left}",
            class_="muted",
        ),
        table(
            f"Permutation importance, in {name}",
            ("Feature", "Champion", "This model", "this model above, champion below"),
            rows,
            numeric=(1, 2),
        ),
    )
