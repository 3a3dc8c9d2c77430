"""Silent drift: ever more people ride bikes, and no feature says so. Only labels can tell.

A model of 2011 is served until 2018 by a real server; the operator's own scraper, tests and decisions watch
it. Then two retrained models are judged by the real evaluator and gate.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bikeshare.rides import INPUT, OUTPUT, Rides

from holdfast.drift import psi_debiased
from holdfast.package import ModelPackage
from tests.cases.bike_years import split_years, train, year
from tests.cases.judge import Judge
from tests.cases.watched_package import watched_package
from tests.cases.watched_server import POLICY, REVISION, Clients, Sent, Watched
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint

__all__ = ["s3_credentials", "s3_endpoint"]  # fixtures

pytestmark = pytest.mark.integration

HOUR_SECONDS = 60
YEAR_SECONDS = 8760 * HOUR_SECONDS
QUARTER_SECONDS = YEAR_SECONDS // 4
TRIGGERS = {
    "drift": {"tolerance": "0.2", "windowSeconds": YEAR_SECONDS, "minSamples": 2000},
    "performance": {
        "metric": "mae",
        "maxIncrease": "15",
        "minSamples": 500,
        "windowSeconds": QUARTER_SECONDS,
    },
}
BETTER = {"metric": "mae", "maxRegression": "0"}
LARGEST_PSI = 0.14
"""No feature of any year is further from 2011."""
SERVED = {2012: 92, 2013: 157, 2014: 201, 2015: 227, 2016: 244, 2017: 287, 2018: 273}
"""Mean absolute errors of the model of 2011 that are known, bikes per hour."""


@pytest.fixture
def judge(tmp_path: Path, s3_credentials: Path) -> Judge:
    return Judge.by(tmp_path, s3_credentials, [{"metric": "mae", "max": "1000"}])


@pytest.fixture
def model_of_2011(judge: Judge, tmp_path: Path) -> ModelPackage:
    train(2011, 2011, split_years(2011, 2011).held_out, tmp_path / "of-2011")
    return judge.judge(tmp_path / "of-2011")


def quarters(rides: Rides) -> Iterator[Rides]:
    for part in np.array_split(np.arange(len(rides)), 4):
        yield rides.chosen(np.isin(np.arange(len(rides)), part))


def largest_psi(operator: Watched) -> Mapping[str, float]:
    """Return how far each input was from the profile within the last window."""
    window = operator.watch.window(POLICY, REVISION, operator.time)
    assert window is not None
    return {
        column.name: psi_debiased(column.counts, column.reference)
        for column in window.columns
        if column.kind == "feature"
    }


async def serve(operator: Watched, clients: Clients, rides: Rides, late: list[Sent]) -> None:
    """Answer the rides, and have the labels of those before them come back."""
    sent = clients.ask({INPUT: rides.features}, rides.count, OUTPUT)
    for each in late:
        clients.label(each)
    late[:] = [sent]
    await operator.look(operator.time + timedelta(seconds=QUARTER_SECONDS - 1))


async def test_only_labels_see_that_more_people_ride_and_they_do(
    model_of_2011: ModelPackage, judge: Judge, tmp_path: Path
) -> None:
    base = judge.metric("mae")[1]
    assert 30 < base < 40
    late: list[Sent] = []
    async with watched_package(
        model_of_2011, tmp_path, TRIGGERS, QUARTER_SECONDS, feedback_slices="weekend"
    ) as (operator, clients):
        held_out = split_years(2011, 2011).held_out
        await serve(operator, clients, held_out, late)
        await serve(operator, clients, held_out, late)
        assert operator.condition("PerformanceDegraded") == ("False", "WithinTolerance")
        figures = operator.status["performance"]
        assert figures["baselineSource"] == "Package"
        assert float(figures["baseline"]) == pytest.approx(base, rel=1e-3)
        assert float(figures["current"]) == pytest.approx(base, rel=1e-3)
        for number, known in SERVED.items():
            errors: list[Any] = []
            for quarter in quarters(year(number)):
                await serve(operator, clients, quarter, late)
                assert operator.condition("DriftConfirmed")[0] != "True"
                errors.append(np.concatenate(late[0].predicted) - quarter.count)
            assert np.abs(np.concatenate(errors)).mean() == pytest.approx(known, rel=0.04)
            assert max(largest_psi(operator).values()) <= LARGEST_PSI
            assert operator.condition("PerformanceDegraded") == ("True", "Degraded")
            (run,) = operator.runs
        assert operator.condition("DriftConfirmed") == ("False", "WithinTolerance")
        assert run["metadata"]["name"].startswith("bikes-performance-")
        evidence = run["spec"]["trigger"]["evidence"]
        assert (evidence["metric"], evidence["revision"]) == ("mae", REVISION)
        assert float(evidence["current"]) > float(evidence["baseline"]) + 15
        slices = {each["value"]: each["verdict"] for each in operator.status["performance"]["slices"]}
        assert "Degraded" in slices.values()
        assert slices["missing"] == "NotEnoughLabels"


def test_judge_tells_a_model_of_the_last_year_from_one_of_everything(
    model_of_2011: ModelPackage, judge: Judge, tmp_path: Path
) -> None:
    judged = split_years(2017, 2017).held_out
    train(2017, 2017, judged, tmp_path / "of-last-year")
    train(2011, 2017, judged, tmp_path / "of-everything")
    of_last_year = judge.judge(tmp_path / "of-last-year", model_of_2011)
    assert 77 < judge.metric("mae")[1] < 92
    assert judge.assess(BETTER | {"max": "100"}).verdict == "Pass"
    of_everything = judge.judge(tmp_path / "of-everything", model_of_2011)
    assert 121 < judge.metric("mae")[1] < 151
    assert judge.assess(BETTER).verdict == "Pass", "better than the model of 2011 it is"
    assert judge.assess(BETTER | {"max": "100"}).verdict == "Fail", "but it stays bad"
    judge.judge(tmp_path / "of-everything", of_last_year)
    assert judge.assess(BETTER).verdict == "Fail"
    judge.judge(tmp_path / "of-last-year", of_everything)
    assert judge.assess(BETTER).verdict == "Pass"
