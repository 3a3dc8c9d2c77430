"""`holdfast why`: every answer says what is so and what can be done."""

import json
from typing import Any

import pytest

from holdfast.cli.trigger_words import SUPPRESSED
from holdfast_operator.core.reasons import SuppressedReason
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import condition, retrain_policy, retrain_run


def test_every_reason_of_a_suppressed_trigger_has_words() -> None:
    assert set(SUPPRESSED) == {reason.value for reason in SuppressedReason}


@pytest.mark.parametrize("reason", [*SuppressedReason, "SomethingNewer"])
def test_trigger_that_is_held_back_says_why(cluster: MemoryCluster, run: Run, reason: str) -> None:
    suppressed = {
        "type": "Drift",
        "lastSuppressedTime": "2026-06-14T11:00:00Z",
        "suppressedReason": str(reason),
    }
    cluster.objects = [retrain_policy(triggers=[suppressed])]
    (policy,) = json.loads(run("why", "bikes", "-o", "json").out)["policies"]
    (trigger,) = policy["triggers"]
    assert trigger["why"].startswith("held back since ")
    assert trigger["why"].endswith(SUPPRESSED.get(str(reason), str(reason)))


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("True", "Diverged", "it holds: Feature temperature: PSI 0.31"),
        (
            "False",
            "WithinTolerance",
            "no feature or output has moved by more than the tolerance: Feature temp",
        ),
        ("Unknown", "NoData", "not decided: Feature temperature"),
    ],
)
def test_drift_is_told_with_its_numbers(
    cluster: MemoryCluster, run: Run, status: str, reason: str, words: str
) -> None:
    message = "Feature temperature: PSI 0.31"
    cluster.objects = [retrain_policy(conditions=[condition("DriftConfirmed", status, reason, message)])]
    assert words in " ".join(run("why", "bikes-drift").out.split())


def test_condition_that_nobody_has_decided_on_says_so(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy(conditions=[])]
    assert "not decided: not looked at yet" in run("why", "bikes").out


def test_quiet_triggers_say_what_they_wait_for(cluster: MemoryCluster, run: Run) -> None:
    watched = {"schedule": {"cron": "0 3 * * *"}, "data": {"uri": "s3://data/bikes"}, "code": {}}
    fired = {"type": "Data", "lastFiredTime": "2026-06-14T11:00:00Z"}
    cluster.objects = [
        retrain_policy(watched=watched, triggers=[fired], nextScheduleTime="2126-06-14T03:00:00Z")
    ]
    text = run("why", "bikes").out
    assert "next in " in text
    assert "the data is as it was (fired " in text
    assert "the trainer is as it was" in text
    assert "2 of 10 runs in 30 days are used, pause of 1d after a run" in text


def test_schedule_without_a_next_time_waits(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy(watched={"schedule": {"cron": "0 3 * * *"}})]
    assert "its time has not come" in run("why", "bikes").out


def test_policy_without_triggers_waits_for_people(cluster: MemoryCluster, run: Run) -> None:
    policy = retrain_policy(watched={}, budget={"used": 0, "limit": 0})
    policy["spec"]["limits"] = {"cooldownSeconds": 0}
    cluster.objects = [policy]
    text = run("why", "bikes").out
    assert "only people start runs" in text
    assert "no pause after a run" in text


def test_blind_trigger_and_stalled_policy_are_told(cluster: MemoryCluster, run: Run) -> None:
    conditions = [
        condition("TriggersHealthy", "False", "ScrapeFailed", "no server answered"),
        condition("Stalled", "True", "ModelDeploymentNotFound", "There is no bikes."),
    ]
    cluster.objects = [retrain_policy(conditions=conditions)]
    text = run("why", "bikes").out
    assert "blind: no server answered" in text
    assert "There is no bikes." in text


def test_last_run_is_part_of_the_answer(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy(), failed_gate()]
    text = run("why", "bikes").out
    assert "drift: temperature moved" in text
    assert "psi 0.31, rows 1200" in text
    assert "Rejected: mae 90 is worse" in text
    document = json.loads(run("why", "bikes", "-o", "json").out)["policies"][0]
    assert document["lastRun"]["outcome"] == "Rejected"


def failed_gate(**spec: Any) -> dict[str, Any]:
    run = retrain_run(conditions=[condition("Rejected", "True", "GateFailed", "mae 90 is worse")])
    evidence = {"psi": "0.31", "rows": "1200"}
    run["spec"]["trigger"] |= {"reason": "temperature moved", "evidence": evidence}
    run["spec"] |= spec
    return run


def test_run_tells_its_own_story(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [failed_gate()]
    text = run("why", "bikes-drift-1a2b3c4d5e").out
    assert "Rejected: mae 90 is worse" in text
    assert json.loads(run("why", "bikes-drift-1a2b3c4d5e", "-o", "json").out)["cause"].startswith("drift: ")


@pytest.mark.parametrize(("requester", "words"), [("ana", "by ana"), (None, "by hand")])
def test_run_by_hand_names_who_started_it(
    cluster: MemoryCluster, run: Run, requester: str | None, words: str
) -> None:
    by_hand = retrain_run(trigger="Manual")
    by_hand["spec"] |= {"requester": requester} if requester else {}
    cluster.objects = [by_hand]
    assert f"ago: {words}\n" in run("why", by_hand["metadata"]["name"]).out


def test_unknown_name_is_refused(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy()]
    answer = run("why", "nobody")
    assert answer.code == 4
    assert "neither a RetrainPolicy nor a RetrainRun" in answer.err
