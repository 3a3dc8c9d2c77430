"""The reference page names every setting, metric, reason and command that there is."""

from pathlib import Path

import pytest

from holdfast.metrics import SERVER_METRICS
from holdfast.results import ModelFailureReason
from holdfast.settings import ServerSettings
from holdfast_serving.commands import COMMANDS
from holdfast_serving.evaluation.candidate import EvaluationFailureReason

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "serving.md"
NAMES = [
    *(f"HOLDFAST_{name.upper()}" for name in ServerSettings.model_fields),
    *(metric.name for metric in SERVER_METRICS),
    *ModelFailureReason,
    *EvaluationFailureReason,
    *COMMANDS,
]


@pytest.mark.parametrize("name", NAMES)
def test_reference_page_explains(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
