"""A page with a heat map of drift: one file of HTML that loads nothing and runs nothing. Pure."""

from collections.abc import Sequence
from typing import Final

from holdfast.drift_picture import ColumnPicture, DriftPicture
from holdfast.report.markup import Markup, element, paragraph, section
from holdfast.report.page import POLICY, STYLE

_LEVELS: Final = 8
"""Shades of the heat map, from nothing to twice the tolerance and more."""
_SHADES: Final = "".join(
    f".heat-{level} {{ background: color-mix(in srgb, #d64545 {100 * level // _LEVELS}%, transparent) }}\n"
    for level in range(_LEVELS + 1)
)
_OWN: Final = f"""
table.heat td {{ text-align: center; font-variant-numeric: tabular-nums; padding: .2rem .4rem }}
table.heat th[scope=row] {{ text-align: left; white-space: nowrap }}
{_SHADES}"""


def render_drift_page(policy: str, summary: str, pictures: Sequence[DriftPicture]) -> bytes:
    """Return the page of a policy: a heat map for each revision of which counts are kept."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"Drift of {policy}"),
        element("style", Markup(STYLE + _OWN)),
    )
    parts = [_picture(index, each) for index, each in enumerate(pictures)]
    nothing = None if pictures else paragraph("The operator keeps no counts of this policy yet.")
    title = element("header", element("h1", f"Drift of {policy}"), paragraph(summary))
    body = element("body", element("div", title, element("main", nothing, *parts), class_="page"))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n".encode()


def _picture(index: int, picture: DriftPicture) -> Markup:
    names = [element("th", duration(each), scope="col") for each in picture.window_seconds]
    rows = [element("td", f"{each:,}") for each in picture.rows]
    head = element(
        "thead", element("tr", element("th", "window", scope="row"), *names, element("th", "faulty"))
    )
    first = element("tr", element("th", "rows", scope="row"), *rows, element("td"))
    body = element("tbody", first, *(_row(each, picture.tolerance) for each in picture.columns))
    table = element("div", element("table", head, body, class_="heat"), class_="scroll")
    words = (
        f"Divergence (PSI) from the reference over windows that end now. {picture.tolerance:g} is tolerated; "
        "full colour is twice that. An empty cell has too few rows."
    )
    return section(f"revision-{index}", picture.revision, paragraph(words), table)


def _row(column: ColumnPicture, tolerance: float) -> Markup:
    cells = [_cell(each, tolerance) for each in column.psi]
    faults = element("td", f"{column.faults:.1%}" if column.faults else "")
    kind = "" if column.kind == "feature" else f" ({column.kind})"
    return element("tr", element("th", f"{column.name}{kind}", scope="row"), *cells, faults)


def _cell(psi: float | None, tolerance: float) -> Markup:
    if psi is None:
        return element("td")
    share = min(psi / (2 * tolerance), 1.0) if tolerance > 0 else float(psi > 0)
    return element("td", f"{psi:.2f}", class_=f"heat-{round(share * _LEVELS)}")


def duration(seconds: float) -> str:
    """Return a length of time in its largest whole unit, rounded."""
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"
