"""Everybody can read the page: enough contrast in light and dark, and never an endless number of bytes."""

import re

import pytest

from holdfast.report.page import STYLE, render_page
from tests.unit.sdk.report.documents import check, document, metric, part

MAX_PAGE_BYTES = 4 * 1024**2
TEXTS = ("ink", "muted", "good", "bad", "unsure", "candidate")
MARKS = ("good", "bad", "unsure", "candidate", "champion", "muted")
METRICS = (
    "accuracy",
    "balancedAccuracy",
    "f1",
    "auc",
    "logLoss",
    "brier",
    "selectionRate",
    "truePositiveRate",
)


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of each theme, by name, as rrggbb."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = [dict(re.findall(r"--([a-z]+): #([0-9a-f]+);", block)) for block in blocks]
    return dict(zip(("light", "dark", "print"), colours, strict=True))


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.parametrize("paper", ["paper", "raised"])
def test_texts_and_marks_stand_out(theme: str, paper: str) -> None:
    colours = themes()[theme]
    for name in TEXTS:
        assert contrast(colours[name], colours[paper]) >= 4.5, name
    for name in MARKS:
        assert contrast(colours[name], colours[paper]) >= 3, name


def test_page_of_the_largest_judgement_is_not_endless() -> None:
    metrics = [metric(name, 0.7123, 0.7234, (-0.0123, 0.0234), rows=123) for name in METRICS]
    columns = [f"column {number} {'x' * 100}" for number in range(8)]
    slices = [part(f"value {number}", *metrics, column=column) for column in columns for number in range(21)]
    checks = [
        check(metric="auc", slice=f"{column}=value {number}") for column in columns for number in range(20)
    ]
    largest = document(task="Classification", metrics=metrics, slices=slices, checks=checks)
    assert len(render_page(largest)) < MAX_PAGE_BYTES
