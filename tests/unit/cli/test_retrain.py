"""`holdfast retrain`: which policy is meant, what is created, and what waiting answers."""

import json

import pytest

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import Object, condition, evaluation, retrain_policy

SEEN = {"observedGeneration": 1}


@pytest.mark.parametrize("target", ["bikes-drift", "bikes"], ids=["policy", "model-with-one-policy"])
def test_a_run_of_the_policy_is_created(cluster: MemoryCluster, run: Run, target: str) -> None:
    cluster.objects = [retrain_policy()]
    answer = run("retrain", target, "--reason", "new sensors")
    assert answer.code == 0
    (created,) = cluster.created
    assert created["spec"] == {
        "policyRef": {"name": "bikes-drift"},
        "trigger": {"type": "Manual", "reason": "new sensors"},
        "requester": "ana",
    }
    assert created["metadata"]["labels"] == {"holdfast.dev/retrain-policy": "bikes-drift"}
    assert "started bikes-drift-manual-x7k2p of the policy bikes-drift" in answer.out
    assert "holdfast status bikes --watch" in answer.out


def test_without_a_reason_none_is_sent(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy()]
    run("retrain", "bikes")
    assert cluster.created[0]["spec"]["trigger"] == {"type": "Manual"}


def test_a_long_policy_name_still_gives_a_valid_run(cluster: MemoryCluster, run: Run) -> None:
    name = "a" * 39 + "-" + "b" * 60
    cluster.objects = [retrain_policy(name)]
    run("retrain", name)
    metadata = cluster.created[0]["metadata"]
    assert metadata["generateName"] == "a" * 39 + "-manual-"
    assert metadata["labels"] == {}


def test_several_policies_have_to_be_named(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy("weekly"), retrain_policy("on-drift")]
    answer = run("retrain", "bikes")
    assert answer.code == 2
    assert "weekly, on-drift" in answer.err
    assert cluster.created == []


@pytest.mark.usefixtures("cluster")
def test_an_unknown_target_is_not_found(run: Run) -> None:
    answer = run("retrain", "bikes")
    assert answer.code == 4
    assert "kubectl get retrainpolicies" in answer.err


@pytest.mark.parametrize(
    ("conditions", "code", "words"),
    [
        pytest.param([condition("Promoted", message="serves")], 0, "Promoted  mae 76.1 → 33.2  serves"),
        pytest.param([condition("Rejected", message="mae too high")], 1, "Rejected"),
        pytest.param([condition("Failed", reason="BadData")], 1, "BadData"),
    ],
    ids=["promoted", "rejected", "failed"],
)
def test_waiting_answers_with_the_verdict(
    cluster: MemoryCluster, run: Run, conditions: list[Object], code: int, words: str
) -> None:
    cluster.objects = [retrain_policy()]
    cluster.after_create = {"status": SEEN | {"conditions": conditions, "evaluation": evaluation()}}
    answer = run("retrain", "bikes", "--wait")
    assert answer.code == code
    assert words in answer.out


def test_waiting_ends_with_the_timeout_and_the_run_goes_on(
    cluster: MemoryCluster, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr("holdfast.cli.retrain.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("holdfast.cli.retrain.time.sleep", lambda _: None)
    cluster.objects = [retrain_policy()]
    cluster.after_create = {"status": SEEN}
    answer = run("retrain", "bikes", "--wait", "--timeout", "60")
    assert answer.code == 5
    assert "it goes on" in answer.err


def test_json_is_the_run_alone(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_policy()]
    assert json.loads(run("retrain", "bikes", "-o", "json").out)["kind"] == "RetrainRun"
