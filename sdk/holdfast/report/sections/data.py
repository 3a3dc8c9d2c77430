"""What a data tool says about the rows: missing values, and drift between training and holdout. Pure."""

from holdfast.report.document import DataColumn, DataReport
from holdfast.report.markup import Markup, element, paragraph, section, table
from holdfast.report.numbers import NOTHING, percent, written


def render_data_report(found: DataReport | None) -> Markup | None:
    """Return the section, where the evaluator had the tool."""
    if found is None or not found.columns:
        return None
    drifted = sum(each.is_drifted is True for each in found.columns)
    beside = "the trainer gives no rows to compare with"
    if found.reference_rows is not None:
        beside = f"{drifted} of {len(found.columns)} differ from {found.reference_rows:,} training rows"
    return section(
        "columns",
        "The held-out rows",
        paragraph(f"By {found.tool}, on {found.rows:,} held-out rows; {beside}.", class_="muted"),
        table(
            f"Features by {found.tool}",
            ("Feature", "Missing", "Drift", "Bound", "Method", ""),
            [_row(each) for each in found.columns],
            class_="cards",
            numeric=(1, 2, 3),
        ),
    )


def _row(column: DataColumn) -> tuple[str, ...]:
    words = "" if column.is_drifted is None else "differs" if column.is_drifted else "alike"
    tone = "unsure" if column.is_drifted else "muted"
    return (
        column.name,
        NOTHING if column.missing is None else percent(column.missing),
        written(column.score),
        written(column.threshold),
        column.method or NOTHING,
        element("span", words, class_=f"tag {tone}") if words else "",
    )
