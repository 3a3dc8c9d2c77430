"""The results as a table, for a terminal and for a page."""

import calendar
from collections.abc import Sequence

from rich.table import Table

from tests.demo.results import Results, Row

HEADINGS = ("revision", "since", "why", "judged: old → new")
SERVED = "what was served"
UNCHANGED = "the first model, left alone"


def lines_of(results: Results) -> list[list[str]]:
    """Return the table's cells, line by line."""
    rows = sorted([*results.revisions, *results.rejected], key=lambda row: row.since)
    sums = (Row(SERVED, "", "", "", results.served), Row(UNCHANGED, "", "", "", results.unchanged))
    return [_cells(row, results.months) for row in (*rows, *sums)]


def headings_of(results: Results) -> list[str]:
    """Return the heading of each column."""
    return [*HEADINGS, *(calendar.month_name[int(month[5:])] for month in results.months)]


def rich_table(results: Results) -> Table:
    """Return the table for a terminal."""
    table = Table(title="Mean error in bikes per hour, in the months after each revision began to serve")
    for index, heading in enumerate(headings_of(results)):
        table.add_column(heading, justify="left" if index < len(HEADINGS) else "right")
    lines = lines_of(results)
    for number, line in enumerate(lines):
        last = number >= len(lines) - 2
        table.add_row(*line, style="bold" if last else "", end_section=number == len(lines) - 3)
    return table


def _cells(row: Row, months: Sequence[str]) -> list[str]:
    errors = (f"{row.errors[month]:.1f}" if month in row.errors else "" for month in months)
    return [row.name, row.since, row.why, row.judged, *errors]
