"""Sudden change: a second market is connected; models trained after it are better, or worse."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cases.electricity import (
    CHANGE_ROW,
    INPUT,
    NAMES,
    WITHOUT_PRICE,
    features,
    rises,
    rows_between,
    train,
)
from tests.cases.judge import Judge
from tests.cases.watched_package import watched_package
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint

__all__ = ["s3_credentials", "s3_endpoint"]  # fixtures

pytestmark = pytest.mark.integration

FIRST_YEAR = rows_between("1996-05-07", "1997-01-01")


@pytest.fixture
def judge(tmp_path: Path, s3_credentials: Path) -> Judge:
    return Judge.by(tmp_path, s3_credentials, [{"metric": "auc", "maxRegression": "0"}])


def test_without_the_own_price_a_model_of_the_last_quarter_is_better_and_promoted(
    judge: Judge, tmp_path: Path
) -> None:
    judged = rows_between("1997-07-01", "1997-10-01")
    train(FIRST_YEAR, judged, WITHOUT_PRICE, tmp_path / "first")
    champion = judge.judge(tmp_path / "first")
    train(rows_between("1997-04-01", "1997-07-01"), judged, WITHOUT_PRICE, tmp_path / "second")
    judge.judge(tmp_path / "second", champion)
    before, after = judge.metric("auc")
    assert after - (before or 0) == pytest.approx(0.11, abs=0.02)
    assert judge.assess().verdict == "Pass"


def test_with_the_own_price_a_model_of_the_last_quarter_is_worse_and_refused(
    judge: Judge, tmp_path: Path
) -> None:
    judged = rows_between("1998-07-01", "1998-10-01")
    train(FIRST_YEAR, judged, NAMES, tmp_path / "first")
    champion = judge.judge(tmp_path / "first")
    train(rows_between("1998-04-01", "1998-07-01"), judged, NAMES, tmp_path / "second")
    judge.judge(tmp_path / "second", champion)
    before, after = judge.metric("auc")
    assert before == pytest.approx(0.903, abs=0.03)
    assert after == pytest.approx(0.811, abs=0.05)
    assert judge.assess().verdict == "Fail"


STRIDE_ROWS = 84
"""A quarter of a week of half-hours; the operator looks at the last week every time."""
STRIDE_SECONDS = 60 * STRIDE_ROWS
WATCHED = ["victorianPrice", "victorianDemand", "transfer"]
DRIFT = {
    "tolerance": "0.1",
    "windowSeconds": 4 * STRIDE_SECONDS,
    "minSamples": 300,
    "features": WATCHED,
}


async def test_alarm_comes_with_the_first_window_after_the_change_and_never_before(
    judge: Judge, tmp_path: Path
) -> None:
    train(FIRST_YEAR, rows_between("1997-01-01", "1997-02-01"), WITHOUT_PRICE, tmp_path / "first")
    package = judge.judge(tmp_path / "first")
    async with watched_package(package, tmp_path, {"drift": DRIFT}, STRIDE_SECONDS) as (operator, clients):
        for start in range(CHANGE_ROW - 24 * STRIDE_ROWS, CHANGE_ROW + 4 * STRIDE_ROWS, STRIDE_ROWS):
            rows = slice(start, start + STRIDE_ROWS)
            clients.ask({INPUT: features(rows, WITHOUT_PRICE)}, rises(rows), "label")
            await operator.look(operator.time + timedelta(seconds=STRIDE_SECONDS - 1))
            if start < CHANGE_ROW:
                assert operator.condition("DriftConfirmed")[0] != "True", start
                assert operator.condition("DriftSuspected")[0] != "True", start
                assert operator.runs == []
        assert operator.condition("DriftConfirmed") == ("True", "Diverged")
        (run,) = operator.runs
        assert run["spec"]["trigger"]["evidence"]["name"] in WATCHED
