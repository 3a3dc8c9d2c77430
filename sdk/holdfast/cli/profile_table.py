"""A profile, or two of them side by side, as a table. Pure."""

from rich.table import Table
from rich.text import Text

from holdfast.cli.profile_comparison import ColumnComparison
from holdfast.profile import CategoricalColumn, NumericColumn, Profile

SHOWN_CATEGORIES = 4
NOTABLE_PSI = 0.1
Column = NumericColumn | CategoricalColumn


def render_profile(profile: Profile) -> Table:
    """Return a line per feature and output: range or frequent categories, bins, and missing values."""
    table = _table("NAME", "TYPE", "MIN", "MEDIAN", "MAX", "BINS", "MISSING", "CATEGORIES")
    for column in profile.columns:
        table.add_row(*_cells(column, profile.rows))
    return table


def render_comparison(comparisons: list[ColumnComparison]) -> Table:
    """Return a line per column of either profile, those that differ most first."""
    table = _table("NAME", "MEDIAN", "→", "MISSING", "→", "≈ PSI")
    for each in comparisons:
        table.add_row(
            each.name,
            _median(each.before),
            _median(each.after),
            _missing(each.before, each.before_rows),
            _missing(each.after, each.after_rows),
            _psi(each),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="muted", padding=(0, 2, 0, 0))
    for name in columns:
        words = name in ("NAME", "TYPE", "CATEGORIES")
        table.add_column(name, justify="left" if words else "right", no_wrap=name != "CATEGORIES")
    return table


def _cells(column: Column, rows: int) -> list[str | Text]:
    numbers = ["", "", ""]
    categories = ""
    if isinstance(column, NumericColumn):
        numbers = [_number(value) for value in (column.minimum, column.median, column.maximum)]
    else:
        categories = _frequent(column)
    kind = "" if column.kind == "feature" else f"{column.kind}, "
    bins, missing = str(len(column.counts)), _missing(column, rows)
    return [column.name, Text(f"{kind}{column.type}", style="muted"), *numbers, bins, missing, categories]


def _frequent(column: CategoricalColumn) -> str:
    total = max(1, column.rows)
    ranked = sorted(zip(column.counts, map(str, column.categories), strict=False), reverse=True)
    shown = [f"{name} {100 * count / total:.0f} %" for count, name in ranked[:SHOWN_CATEGORIES]]
    others = len(ranked) - len(shown)
    return ", ".join([*shown, f"{others} more"] if others else shown)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _median(column: Column | None) -> str:
    return _number(column.median) if isinstance(column, NumericColumn) else ""


def _missing(column: Column | None, rows: int) -> str:
    return "" if column is None else f"{100 * column.missing / rows:.1f} %"


def _psi(comparison: ColumnComparison) -> Text:
    if comparison.psi is None:
        return Text("only before" if comparison.after is None else "only after", style="busy")
    return Text(f"{comparison.psi:.2f}", style="bad" if comparison.psi > NOTABLE_PSI else "good")
