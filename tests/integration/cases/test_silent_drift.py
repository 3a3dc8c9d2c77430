"""Silent drift: ever more people ride bikes, and no feature says so. Only labels can tell.

A model of 2011 is served until 2018 by a real server; the operator's own scraper, tests and decisions watch
it. Then two retrained models are judged by the real evaluator and gate.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bikeshare.rides import INPUT, OUTPUT, Rides

from holdfast.client import Client
from holdfast.drift import psi_debiased
from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.package import ModelPackage
from holdfast.results import EvaluationResult
from holdfast.settings import EvaluationSettings, ServerSettings
from holdfast.store import fetch_package
from holdfast_operator.api.gate import Gate
from holdfast_operator.cluster.pod_client import PodClient
from holdfast_operator.core.gate import assess_gate
from tests.cases.bike_years import split_years, train, year
from tests.cases.watched_server import MODEL, POLICY, REVISION, Clients, Sent, Watched, aligned_start
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint
from tests.integration.serving.server_process import free_port, run_command, running_server

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
LARGEST_PSI = 0.14
"""No feature of any year is further from 2011."""
SERVED = {2012: 92, 2013: 157, 2014: 201, 2015: 227, 2016: 244, 2017: 287, 2018: 273}
"""Mean absolute errors of the model of 2011 that are known, bikes per hour."""


@dataclass
class Judge:
    """The real evaluator, by the side of the real S3 server that it publishes to."""

    folder: Path
    credentials: Path
    results: list[EvaluationResult] = field(default_factory=list)

    def judge(self, trained: Path, champion: ModelPackage | None = None) -> ModelPackage:
        """Evaluate what a trainer left behind; return the published package."""
        number = len(self.results)
        message = self.folder / f"termination-log-{number}"
        message.touch()
        compared = (
            {"champion_dir": str(champion.folder), "champion_digest": champion.digest} if champion else {}
        )
        settings = EvaluationSettings.model_validate(
            {
                "candidate_dir": str(trained),
                "output_uri": "s3://models/bikes",
                "credentials_dir": str(self.credentials),
                "run": f"bikes-performance-{number}",
                "termination_message_path": str(message),
                "gate": GateTerms(checks=[CheckTerms(metric="mae")]).to_json(),
                **compared,
            }
        )
        ended = run_command("evaluate", settings)
        assert ended.returncode == 0, ended.stderr
        self.results.append(EvaluationResult.model_validate_json(message.read_text()))
        result = self.results[-1]
        into = self.folder / f"package-{number}"
        return fetch_package(str(result.uri), result.digest, into, str(self.credentials))

    def mae(self) -> float:
        """Return the mean absolute error of the last candidate on its holdout."""
        (found,) = [each.candidate for each in self.results[-1].metrics if each.name == "mae"]
        return found

    def verdict(self, **bounds: str) -> str:
        """Return what the gate says about the last candidate."""
        gate = Gate.model_validate({"checks": [{"metric": "mae", **bounds}]})
        return assess_gate(gate, self.results[-1], has_champion=True).verdict


@pytest.fixture
def judge(tmp_path: Path, s3_credentials: Path) -> Judge:
    return Judge(tmp_path, s3_credentials)


@pytest.fixture
def model_of_2011(judge: Judge, tmp_path: Path) -> ModelPackage:
    train(2011, 2011, split_years(2011, 2011).held_out, tmp_path / "of-2011")
    return judge.judge(tmp_path / "of-2011")


@asynccontextmanager
async def watched(package: ModelPackage, folder: Path) -> AsyncIterator[tuple[Watched, Clients]]:
    """Serve the package, and watch its server from a quarter before now on."""
    start = aligned_start(QUARTER_SECONDS)
    settings = ServerSettings(
        model_name=MODEL,
        model_revision=REVISION,
        model_dir=str(package.folder),
        port=free_port(),
        feedback_key="0123456789abcdef",
        feedback_slices="weekend",
    )
    with running_server(settings, folder / "server.log") as server:
        server.wait_until_ready()
        async with PodClient(settings.port, allows=lambda address: address.is_loopback) as pods:
            operator = Watched(pods, {"triggers": TRIGGERS}, start, QUARTER_SECONDS)
            await operator.decide()
            with Client(server.url) as client:
                yield operator, Clients(server.url, client)


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
    base = judge.mae()
    assert 30 < base < 40
    late: list[Sent] = []
    async with watched(model_of_2011, tmp_path) as (operator, clients):
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
    assert 77 < judge.mae() < 92
    assert judge.verdict(maxRegression="0", max="100") == "Pass"
    of_everything = judge.judge(tmp_path / "of-everything", model_of_2011)
    assert 121 < judge.mae() < 151
    assert judge.verdict(maxRegression="0") == "Pass", "better than the model of 2011 it is"
    assert judge.verdict(maxRegression="0", max="100") == "Fail", "but it stays bad"
    judge.judge(tmp_path / "of-everything", of_last_year)
    assert judge.verdict(maxRegression="0") == "Fail"
    judge.judge(tmp_path / "of-last-year", of_everything)
    assert judge.verdict(maxRegression="0") == "Pass"
