"""HTML that is escaped by construction: what is not made here is text. Pure.

Names of models, columns and people come from strangers, so no module of the report writes a tag by hand.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Final

_VOID: Final = frozenset({"meta", "br", "hr", "col"})
_DECEPTIVE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of a text so that it reads as another one."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Attribute = str | int | float | bool | None


def text(content: str) -> Markup:
    """Return any text so that a browser shows it and does nothing else."""
    return content if isinstance(content, Markup) else Markup(escape(_DECEPTIVE.sub("\ufffd", content)))


def join(parts: Iterable[str | None]) -> Markup:
    """Return parts one after the other, None for nothing; those that are no HTML are escaped."""
    return Markup("".join(text(part) for part in parts if part is not None))


def element(tag: str, /, *children: str | None, **attributes: Attribute) -> Markup:
    """Return an element; ``class_`` is class, ``aria_label`` is aria-label, None and False leave it out."""
    opened = f"<{tag}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(opened if tag in _VOID else f"{opened}{join(children)}</{tag}>")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{text(str(shown))}"'


def paragraph(*children: str | None, class_: str | None = None) -> Markup:
    """Return a paragraph."""
    return element("p", *children, class_=class_)


def section(identity: str, title: str, *children: str | None) -> Markup:
    """Return a section with a heading that it is named after."""
    heading = element("h2", title, id=f"{identity}-title")
    return element("section", heading, *children, id=identity, aria_labelledby=f"{identity}-title")


def table(
    caption: str,
    head: Iterable[str],
    rows: Iterable[Iterable[str]],
    *,
    class_: str | None = None,
    numeric: Iterable[int] = (),
) -> Markup:
    """Return a table; the first cell of each row is its heading, ``numeric`` columns are set to the right."""
    labels, right = list(head), set(numeric)
    heads = (
        element("th", label, scope="col", class_="number" if at in right else None)
        for at, label in enumerate(labels)
    )
    body = (element("tr", *_cells(row, labels, right)) for row in rows)
    inner = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _cells(row: Iterable[str], labels: list[str], right: set[int]) -> Iterable[Markup]:
    for at, cell in enumerate(row):
        # data-label is shown before the cell where a narrow screen sets the cells below each other.
        yield element(
            "td" if at else "th",
            cell,
            scope=None if at else "row",
            class_="number" if at in right else None,
            data_label=labels[at] if at and labels[at] else None,
        )
