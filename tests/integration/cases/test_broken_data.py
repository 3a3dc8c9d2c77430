"""Broken data: a sensor says 0 kelvin. That blocks retraining and alerts: a retraining would learn it."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.cases.judge import Judge
from tests.cases.traffic import BROKEN_ROWS, INPUT, OUTPUT, hours, train
from tests.cases.watched_package import watched_package
from tests.integration.sdk.conftest import s3_credentials, s3_endpoint

__all__ = ["s3_credentials", "s3_endpoint"]  # fixtures

pytestmark = pytest.mark.integration

REQUESTS_PER_HOUR = 12
STRIDE_HOURS = 12
STRIDE_SECONDS = 60 * STRIDE_HOURS
TRIGGERS = {"drift": {"tolerance": "0.1", "windowSeconds": 4 * STRIDE_SECONDS, "minSamples": 400}}
BEFORE_HOURS = 10 * STRIDE_HOURS


async def test_hours_of_zero_kelvin_block_retraining_and_are_named(
    s3_credentials: Path, tmp_path: Path
) -> None:
    judge = Judge.by(tmp_path, s3_credentials, [{"metric": "mae", "max": "5000"}])
    train(BROKEN_ROWS.start - BEFORE_HOURS, tmp_path / "trained")
    package = judge.judge(tmp_path / "trained")
    values, vehicles = hours()
    async with watched_package(package, tmp_path, TRIGGERS, STRIDE_SECONDS) as (operator, clients):
        for start in range(BROKEN_ROWS.start - BEFORE_HOURS, BROKEN_ROWS.stop, STRIDE_HOURS):
            asked = np.repeat(np.arange(start, start + STRIDE_HOURS), REQUESTS_PER_HOUR)
            runs = len(operator.runs)
            clients.ask({INPUT: values[asked]}, vehicles[asked], OUTPUT)
            await operator.look(operator.time + timedelta(seconds=STRIDE_SECONDS - 1))
            if (values[asked, 0] == 0).any():
                assert len(operator.runs) == runs, "a retraining would have learned the fault"
        assert operator.condition("DriftConfirmed") == ("False", "InputBroken")
        assert operator.condition("TriggersHealthy") == ("False", "InputBroken")
        (message,) = [
            each["message"] for each in operator.status["conditions"] if each["type"] == "TriggersHealthy"
        ]
        assert "temp is far outside its reference range" in message
        (drift,) = [each for each in operator.status["triggers"] if each["type"] == "Drift"]
        assert drift["suppressedReason"] == "InputBroken"
