"""Alerts are written to the policies that wait for them before anybody is told so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast_operator.cluster.alert_notification import read_notification
from holdfast_operator.cluster.alert_recorder import ATTEMPTS, AlertRecorder
from holdfast_operator.cluster.api import ApiError, ConflictError
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.core.alerts import Alert
from holdfast_operator.manifests.metadata import Manifest
from tests.fakes import FakeCluster
from tests.unit.operator.cluster.notifications import alert, notification

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def policy(name: str = "nightly", namespace: str = "team", **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": RETRAIN_POLICY.api_version,
        "kind": RETRAIN_POLICY.kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "modelDeploymentRef": {"name": "credit"},
            "trainer": {"image": "trainer:1"},
            "output": {"uri": "s3://models/credit"},
            "triggers": {"alert": {"matchLabels": labels or {"model": "credit"}}},
        },
        "status": {"observedGeneration": 1, "budget": {"used": 1, "limit": 10}},
    }


class Recorded:
    """A cluster with one policy that waits for alerts about the model credit."""

    def __init__(self, *watched: str) -> None:
        self.cluster = FakeCluster()
        self.cluster.put(policy())
        self.told: list[Key] = []
        self.recorder = AlertRecorder(self.cluster, watched, self.told.append, lambda: NOW)

    async def take(self, *alerts: dict[str, Any]) -> dict[str, int]:
        outcomes = await self.recorder.record(read(*alerts))
        return {outcome.value: count for outcome, count in outcomes.items()}

    def recent(self, name: str = "nightly", namespace: str = "team") -> list[dict[str, Any]]:
        live = self.cluster.objects[RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, namespace, name]
        found: list[dict[str, Any]] = live["status"].get("alert", {}).get("recent", [])
        return found


def read(*alerts: dict[str, Any]) -> list[Alert]:
    return list(read_notification(notification(*alerts)))


async def test_alert_is_in_the_status_beside_what_was_there() -> None:
    recorded = Recorded()
    assert await recorded.take(alert()) == {"Recorded": 1}
    (live,) = recorded.cluster.of_kind(RETRAIN_POLICY)
    assert live["status"] == policy()["status"] | {
        "alert": {
            "recent": [
                {
                    "fingerprint": "a1b2c3d4e5f60718",
                    "startsAt": "2026-11-21T09:30:00.123456Z",
                    "name": "ManyErrors",
                    "receivedTime": "2026-11-21T10:00:00Z",
                    "state": "Waiting",
                }
            ]
        }
    }
    assert recorded.told == [Key(RETRAIN_POLICY, "team", "nightly")]


async def test_repeated_notification_writes_nothing() -> None:
    recorded = Recorded()
    await recorded.take(alert())
    before = list(recorded.cluster.writes)
    assert await recorded.take(alert(), alert()) == {"Known": 2}
    assert recorded.cluster.writes == before


async def test_many_alerts_are_one_write() -> None:
    recorded = Recorded()
    taken = await recorded.take(*(alert(fingerprint=f"{number:016x}") for number in range(50)))
    assert taken == {"Recorded": 50}
    assert [each[0] for each in recorded.cluster.writes] == ["put", "status"]


async def test_resolved_alert_takes_back_what_waits() -> None:
    recorded = Recorded()
    await recorded.take(alert())
    assert await recorded.take(alert("resolved")) == {"Resolved": 1}
    assert [each["state"] for each in recorded.recent()] == ["Resolved"]


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"namespace": "other"}, id="of-another-namespace"),
        pytest.param({"namespace": ""}, id="of-no-namespace"),
        pytest.param({"namespace": "../../secrets"}, id="of-a-path"),
        pytest.param({"namespace": "team/../x"}, id="with-a-slash"),
        pytest.param({"model": "fraud"}, id="about-another-model"),
    ],
)
async def test_alert_that_nobody_waits_for_is_counted_and_writes_nothing(labels: dict[str, str]) -> None:
    recorded = Recorded()
    assert await recorded.take(alert(**labels)) == {"Unmatched": 1}
    assert recorded.told == []


async def test_every_policy_that_waits_gets_it() -> None:
    recorded = Recorded()
    recorded.cluster.put(policy("weekly", alertname="ManyErrors"))
    recorded.cluster.put(policy("theirs", "other"))
    assert await recorded.take(alert(), alert(namespace="other")) == {"Recorded": 3}
    assert [len(recorded.recent(*each)) for each in (("weekly",), ("theirs", "other"))] == [1, 1]


async def test_namespace_that_is_not_served_is_left_alone() -> None:
    recorded = Recorded("elsewhere")
    assert await recorded.take(alert()) == {"Unmatched": 1}
    assert await Recorded("elsewhere", "team").take(alert()) == {"Recorded": 1}


async def test_policy_that_is_not_valid_stops_no_other() -> None:
    recorded = Recorded()
    recorded.cluster.put({**policy("broken"), "spec": {}})
    assert await recorded.take(alert()) == {"Recorded": 1}


async def test_write_that_lost_a_race_is_made_on_what_is_there_now() -> None:
    recorded = Recorded()
    races = [Key(RETRAIN_POLICY, "team", "nightly")]

    def race(_verb: str, _manifest: Manifest) -> None:
        if races:
            key = races.pop()
            name = (RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, key.namespace, key.name)
            recorded.cluster.edit(name, lambda live: live["status"].update(budget={"used": 7, "limit": 10}))

    recorded.cluster.before_write = race
    assert await recorded.take(alert()) == {"Recorded": 1}
    (live,) = recorded.cluster.of_kind(RETRAIN_POLICY)
    assert live["status"]["budget"]["used"] == 7
    assert len(recorded.recent()) == 1


async def test_other_process_that_recorded_it_first_is_enough() -> None:
    recorded = Recorded()
    other = AlertRecorder(recorded.cluster, (), lambda _: None, lambda: NOW)
    is_first = True
    listing = recorded.cluster.list

    async def late(*words: Any, **selectors: Any) -> Any:
        nonlocal is_first
        listed = await listing(*words, **selectors)
        if is_first:
            is_first = False
            await other.record(read(alert()))
        return listed

    recorded.cluster.list = late  # type: ignore[method-assign]  # to let the other be faster
    assert await recorded.take(alert()) == {"Known": 1}
    assert len(recorded.recent()) == 1


async def test_race_that_does_not_end_is_an_error_so_that_it_is_sent_again() -> None:
    recorded = Recorded()
    attempts = []

    def lose(verb: str, _manifest: Manifest) -> None:
        attempts.append(verb)
        raise ConflictError(409, "Conflict", "changed")

    recorded.cluster.before_write = lose
    with pytest.raises(ConflictError):
        await recorded.take(alert())
    assert len(attempts) == ATTEMPTS


async def test_policy_that_vanishes_waits_no_more() -> None:
    recorded = Recorded()

    def vanish(_verb: str, manifest: Manifest) -> None:
        recorded.cluster.before_write = None
        recorded.cluster.remove(manifest)
        raise ConflictError(409, "Conflict", "gone")

    recorded.cluster.before_write = vanish
    assert await recorded.take(alert()) == {"Unmatched": 1}


@pytest.mark.parametrize("is_written", [False, True])
async def test_whatever_fails_is_an_error_and_can_be_repeated(*, is_written: bool) -> None:
    recorded = Recorded()

    def fail(_verb: str, _manifest: Manifest) -> None:
        raise ApiError(0, "TimeoutError", "no answer")

    if is_written:
        recorded.cluster.after_write = fail
    else:
        recorded.cluster.before_write = fail
    with pytest.raises(ApiError):
        await recorded.take(alert())
    recorded.cluster.before_write = recorded.cluster.after_write = None
    assert await recorded.take(alert()) == ({"Known": 1} if is_written else {"Recorded": 1})
    assert len(recorded.recent()) == 1
