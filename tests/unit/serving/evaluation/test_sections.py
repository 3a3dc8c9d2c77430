"""Optional sections: made only if they are wanted, and never at the cost of the judgement."""

import logging

import pytest
from pydantic import ValidationError

from holdfast.rows import Rows
from holdfast.settings import EvaluationSettings
from holdfast_serving.evaluation.extras.data_report import data_report_of
from holdfast_serving.evaluation.extras.sections import Section, attempt, start_meter


def settings(sections: str = "", country: str | None = None) -> EvaluationSettings:
    return EvaluationSettings(
        output_uri="s3://x/y", run="r", report_sections=sections, energy_country=country
    )


def fail() -> None:
    raise ValueError("no such column")


def test_what_is_not_wanted_is_not_tried() -> None:
    assert attempt(Section.DATA, settings("energy"), fail) is None
    assert attempt(Section.ENERGY, settings("data,energy"), lambda: 5) == 5


def test_what_fails_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert attempt(Section.DATA, settings("data"), fail) is None
    assert "the report has no section 'data'" in caplog.text


@pytest.mark.parametrize("section", Section)
def test_image_without_the_tools_says_which_image_has_them(
    section: Section, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    wanted = settings("data,energy")
    if section is Section.ENERGY:
        assert start_meter(wanted) is None
    else:
        nothing = Rows(inputs={})
        assert attempt(section, wanted, lambda: data_report_of(None, nothing, {})) is None
    assert f"this image does not have what section '{section}' needs" in caplog.text
    assert "use the evaluator's image with extras" in caplog.text


@pytest.mark.parametrize(("sections", "country"), [("shap", None), ("data,", None), ("", "Germany")])
def test_unknown_sections_and_countries_are_refused(sections: str, country: str | None) -> None:
    with pytest.raises(ValidationError):
        settings(sections, country)
