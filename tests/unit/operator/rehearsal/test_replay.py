"""A rehearsed policy fires when the operator's would have, and is held back by the same limits."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.rehearsal.history import History, read_history
from holdfast_operator.rehearsal.replay import FIRED, SUPPRESSED, Moment, Rehearsal, Replay
from tests.unit.operator.rehearsal.recorded import PROFILE, START, write

DAYS, SHIFTED_FROM = 8, 3
DRIFT = {"drift": {"tolerance": "0.1", "windowSeconds": 86400}}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return read_history(write(tmp_path_factory.mktemp("history"), DAYS, SHIFTED_FROM), "credit")


def policy(triggers: Mapping[str, Any], **spec: Any) -> RetrainPolicy:
    return RetrainPolicy.model_validate(
        {
            "metadata": {"name": "nightly", "namespace": "team"},
            "spec": {
                "modelDeploymentRef": {"name": "credit"},
                "triggers": triggers,
                "trainer": {"image": "trainer:1"},
                "output": {"uri": "s3://models/credit"},
                **spec,
            },
        }
    )


def rehearse(history: History, rehearsed: RetrainPolicy, run_seconds: float = 600) -> Rehearsal:
    return Replay(rehearsed, history, {PROFILE.hash: PROFILE}, run_seconds).run()


def days(moments: list[Moment], type_: str) -> list[float]:
    start = datetime.fromtimestamp(START, UTC)
    return [(each.time - start).total_seconds() / 86400 for each in moments if each.type == type_]


def test_drift_fires_within_a_day_of_the_change_and_never_before(history: History) -> None:
    first, *_ = days(rehearse(history, policy(DRIFT)).moments, FIRED)
    assert SHIFTED_FROM < first <= SHIFTED_FROM + 1


def test_without_a_change_nothing_fires(tmp_path: Path) -> None:
    unchanged = read_history(write(tmp_path, DAYS, DAYS), "credit")
    result = rehearse(unchanged, policy(DRIFT))
    assert result.fired == 0
    assert {each.message for each in result.moments} == {"Drift: NotEnoughSamples"}


def test_cooldown_holds_the_next_run_back(history: History) -> None:
    limits = {"cooldownSeconds": 2 * 86400}
    result = rehearse(history, policy(DRIFT, limits=limits))
    fired = days(result.moments, FIRED)
    assert len(fired) == 3
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(fired))
    assert any(each.message == "Drift: Cooldown" for each in result.moments if each.type == SUPPRESSED)


def test_run_holds_others_back_until_it_ends(history: History) -> None:
    limits = {"cooldownSeconds": 0}
    result = rehearse(history, policy(DRIFT, limits=limits), run_seconds=3 * 86400)
    fired = days(result.moments, FIRED)
    assert fired[1] - fired[0] >= 3
    assert any(each.message == "Drift: RunActive" for each in result.moments if each.type == SUPPRESSED)


def test_budget_ends_the_runs(history: History) -> None:
    limits = {"cooldownSeconds": 0, "maxRunsPer30Days": 2}
    result = rehearse(history, policy(DRIFT, limits=limits))
    assert result.fired == 2
    assert result.moments[-1].message == "Drift: BudgetExhausted"


def test_schedule_fires_between_scrapes(history: History) -> None:
    result = rehearse(history, policy({"schedule": {"cron": "30 4 * * *"}}, limits={"cooldownSeconds": 0}))
    assert days(result.moments, FIRED) == pytest.approx([day + 4.5 / 24 for day in range(DAYS)], abs=1e-3)


def test_suspended_policy_never_fires(history: History) -> None:
    assert rehearse(history, policy(DRIFT, suspend=True)).fired == 0


def test_rehearsal_is_the_same_every_time(history: History) -> None:
    assert rehearse(history, policy(DRIFT)) == rehearse(history, policy(DRIFT))
