"""`holdfast why` of alerts and signals: what came, what became of it, and what could not be read."""

import json
from typing import Any, get_args

import pytest

from holdfast.cli.outside_trigger_words import _OUTCOMES
from holdfast_operator.api.trigger_statuses import AlertRecord
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import retrain_policy

ALERT = {"alert": {"matchLabels": {"alertname": "ManyErrors"}}}
SIGNAL = {"signal": {"url": "http://evidently.ml.svc/", "path": "share", "above": "0.5"}}
CAME = "2026-06-14T11:00:00Z"


def words(cluster: MemoryCluster, run: Run, watched: dict[str, Any], **status: Any) -> str:
    cluster.objects = [retrain_policy(watched=watched, **status)]
    (policy,) = json.loads(run("why", "bikes", "-o", "json").out)["policies"]
    (trigger,) = policy["triggers"]
    return str(trigger["why"])


def test_every_state_of_an_alert_has_words() -> None:
    assert set(_OUTCOMES) == set(get_args(AlertRecord.model_fields["state"].annotation))


@pytest.mark.parametrize("state", _OUTCOMES)
def test_last_alert_and_what_became_of_it_are_told(cluster: MemoryCluster, run: Run, state: str) -> None:
    older = {
        "fingerprint": "f0",
        "name": "Older",
        "startsAt": CAME,
        "receivedTime": CAME,
        "state": "Answered",
    }
    last = {"fingerprint": "f1", "name": "ManyErrors", "startsAt": CAME, "receivedTime": CAME, "state": state}
    told = words(cluster, run, ALERT, alert={"recent": [older, last]})
    assert told.startswith("ManyErrors came ")
    assert told.endswith(f"ago: {_OUTCOMES[state]}")


def test_alert_without_a_name_has_its_fingerprint(cluster: MemoryCluster, run: Run) -> None:
    last = {"fingerprint": "f1", "startsAt": CAME, "receivedTime": CAME, "state": "Waiting"}
    assert words(cluster, run, ALERT, alert={"recent": [last]}).startswith("f1 came ")


def test_alert_that_is_held_back_says_by_what(cluster: MemoryCluster, run: Run) -> None:
    suppressed = {"type": "Alert", "lastSuppressedTime": CAME, "suppressedReason": "Cooldown"}
    assert words(cluster, run, ALERT, triggers=[suppressed]).startswith("held back since ")


def test_nothing_has_come(cluster: MemoryCluster, run: Run) -> None:
    fired = {"type": "Alert", "lastFiredTime": CAME}
    told = words(cluster, run, ALERT, triggers=[fired])
    assert told.startswith("no alert with these labels has come (fired ")


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ({}, "the signal is on the side where nothing has to be done"),
        ({"isRaised": False, "value": "0.2", "changedTime": CAME}, "nothing has to be done since"),
        ({"isRaised": True, "value": "0.71", "changedTime": CAME}, "it is out of bounds since"),
        (
            {"isRaised": True, "isAnswered": True, "value": "0.71", "changedTime": CAME},
            "it has to come back before the next",
        ),
        ({"failure": {"reason": "SignalTimeout", "message": "No answer.", "time": CAME}}, ": No answer."),
        ({"failure": {"reason": "SignalTimeout", "time": CAME}}, ": SignalTimeout"),
    ],
)
def test_signal_is_told_with_its_side_or_its_failure(
    cluster: MemoryCluster, run: Run, signal: dict[str, Any], told: str
) -> None:
    assert told in words(cluster, run, SIGNAL, signal={"key": "k", **signal})
