"""Generated reference pages are what the code says; the one by hand names everything that there is."""

from pathlib import Path

import pytest

from holdfast.results import ModelFailureReason
from holdfast_serving.commands import COMMANDS
from holdfast_serving.evaluation.candidate import EvaluationFailureReason
from tests.unit.serving.reference import FOLDER, pages


@pytest.mark.parametrize("file", pages(), ids=lambda file: file.name)
def test_generated_page_is_up_to_date(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == pages()[file], "run python -m tests.unit.serving.reference"


@pytest.mark.parametrize("name", [*ModelFailureReason, *EvaluationFailureReason, *COMMANDS])
def test_reference_page_explains(name: str) -> None:
    assert f"`{name}`" in (FOLDER / "serving.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", pages(), ids=lambda file: file.name)
def test_reference_page_leads_to_the_generated_one(file: Path) -> None:
    assert f"]({file.name})" in (FOLDER / "serving.md").read_text(encoding="utf-8")
