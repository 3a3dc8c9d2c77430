"""The reference of report.json is that of the code, and real reports keep to its schema."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.unit.sdk.report.documents import document
from tests.unit.sdk.report.reference import FOLDER, pages
from tests.unit.sdk.report.test_page import RICH


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_generated_file_is_that_of_the_code(path: Path) -> None:
    stale = f"{path.name} is stale: run python -m tests.unit.sdk.report.reference"
    assert path.read_text(encoding="utf-8") == pages()[path], stale


def test_reports_keep_to_the_schema() -> None:
    schema = json.loads((FOLDER / "report.schema.json").read_text(encoding="utf-8"))
    for each in (document(), document(**RICH)):
        jsonschema.validate(json.loads(each.to_json()), schema)
