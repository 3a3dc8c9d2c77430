"""Groups: a candidate that widens the gap between women and men is refused, and it is said for whom."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cases.adult import FEATURES, boosted, leave, linear
from tests.cases.judge import Judge, report_of
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint

__all__ = ["s3_credentials", "s3_endpoint"]  # fixtures

pytestmark = pytest.mark.integration

GAP = {"metric": "demographicParityDifference", "slice": {"column": "sex"}, "maxRegression": "0.02"}
CHECKS: list[Mapping[str, Any]] = [{"metric": "accuracy", "maxRegression": "0.01"}, GAP]
BLIND = ("age", "education", "gain", "loss", "hours")
"""Features without marriage, which tells women and men apart here: husbands are men."""


@pytest.fixture
def judge(tmp_path: Path, s3_credentials: Path) -> Judge:
    return Judge.by(tmp_path, s3_credentials, CHECKS)


def test_candidate_that_widens_the_gap_is_refused_though_it_is_more_accurate(
    judge: Judge, tmp_path: Path
) -> None:
    leave(linear(BLIND), tmp_path / "champion")
    champion = judge.judge(tmp_path / "champion")
    leave(linear(FEATURES), tmp_path / "candidate")
    candidate = judge.judge(tmp_path / "candidate", champion)
    before, after = judge.metric("accuracy")
    assert before is not None
    assert after > before
    verdict = judge.assess()
    assert verdict.verdict == "Fail"
    outcomes = {each.metric: each for each in verdict.metrics}
    assert outcomes["accuracy"].outcome == "Pass"
    gap = outcomes["demographicParityDifference"]
    assert (gap.slice, gap.outcome) == ("sex", "Fail")
    assert float(gap.candidate) > float(gap.champion or 0) + 0.02
    said = report_of(candidate)
    assert "Female" in said
    assert "Male" in said


def test_candidate_that_keeps_the_gap_passes(judge: Judge, tmp_path: Path) -> None:
    leave(linear(FEATURES), tmp_path / "champion")
    champion = judge.judge(tmp_path / "champion")
    leave(boosted(), tmp_path / "candidate")
    judge.judge(tmp_path / "candidate", champion)
    assert judge.assess().verdict == "Pass"


def test_selection_rates_of_women_and_men_are_about_those_that_are_known(
    judge: Judge, tmp_path: Path
) -> None:
    leave(boosted(), tmp_path / "model")
    package = judge.judge(tmp_path / "model")
    rates = {
        (each["name"], each["value"]): metric["candidate"]
        for each in json.loads(report_of(package))["slices"]
        for metric in each["metrics"]
        if metric["name"] == "selectionRate"
    }
    # 8.3 % and 26.1 % are known of models that see all columns of the file.
    assert rates["sex", "Female"] == pytest.approx(0.07, abs=0.02)
    assert rates["sex", "Male"] == pytest.approx(0.235, abs=0.035)


def test_groups_too_small_to_judge_are_inconclusive_and_not_passed(judge: Judge, tmp_path: Path) -> None:
    by_country = {"metric": "accuracy", "slice": {"column": "country"}, "maxRegression": "0.05"}
    strict = Judge.by(judge.folder, judge.credentials, [by_country])
    leave(linear(BLIND), tmp_path / "champion")
    champion = strict.judge(tmp_path / "champion")
    strict.judge(tmp_path / "champion", champion)
    verdict = strict.assess()
    assert verdict.verdict == "Inconclusive"
    outcomes = {each.slice: each.outcome for each in verdict.metrics}
    assert outcomes["country=United-States"] == "Pass"
    assert set(outcomes.values()) == {"Pass", "Inconclusive"}
