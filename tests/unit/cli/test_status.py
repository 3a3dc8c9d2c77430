"""`holdfast status`: which objects belong together, and what a person sees of them."""

import json

import pytest

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import (
    EARLIER,
    FAILED,
    STABLE,
    Object,
    ago,
    condition,
    digest,
    drift,
    evaluation,
    model_deployment,
    retrain_policy,
    retrain_run,
    revision,
)

DRIFTED = [condition("Ready"), condition("DriftSuspected"), condition("DriftConfirmed")]


@pytest.fixture
def loop(cluster: MemoryCluster) -> MemoryCluster:
    """A model that has drifted and was retrained, with some history."""
    cluster.objects = [
        model_deployment(revisions=[STABLE, EARLIER, {**FAILED, "message": "out of memory"}]),
        retrain_policy(
            conditions=DRIFTED,
            drift={
                "rows": 5230,
                "windowSeconds": 86400,
                "worstFeatures": [
                    drift("temperature", "0.42", "1e-12"),
                    drift("count", "0.05", "0.3", "Output"),
                    drift("residual", "0.03", "0.5", "Residual"),
                ],
            },
            triggers=[
                {"type": "Drift", "lastFiredTime": ago(minutes=20)},
                {"type": "Schedule", "lastSuppressedTime": ago(hours=3), "suppressedReason": "Cooldown"},
            ],
        ),
        retrain_run(conditions=[condition("Promoted")], evaluation=evaluation()),
        retrain_run(
            "bikes-drift-rejected",
            created=ago(days=2),
            conditions=[condition("Rejected", reason="GateFailed")],
            evaluation=evaluation("Fail", candidate="80.3"),
        ),
        retrain_run(
            "bikes-manual-failed",
            trigger="Manual",
            created=ago(days=3),
            conditions=[condition("Failed", reason="BadData", message="no rows after May")],
        ),
    ]
    return cluster


@pytest.mark.usefixtures("loop")
@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("bikes  Ready  2/2 pods  http://bikes.ml.svc", id="headline"),
        pytest.param("● serving     bikes-3f9c2d1e07  bikes-drift-1a2b3c4d5e  99999999", id="stable"),
        pytest.param("○ superseded  bikes-b1c9a0f3d2  spec.model", id="earlier"),
        pytest.param("out of memory", id="why-a-revision-failed"),
        pytest.param("policy bikes-drift  Ready  drift confirmed  5,230 rows in 1d", id="policy"),
        pytest.param("temperature                   ━━━━━━━━━━━━   0.42  0.004  1e-12", id="drifted-feature"),
        pytest.param("count (output)                ━━━╌╌╌╌╌╌╌╌╌   0.05", id="quiet-output"),
        pytest.param("residual (features together)  ━━╌╌╌╌╌╌╌╌╌╌   0.03", id="quiet-residual"),
        pytest.param("schedule held back", id="suppressed-trigger"),
        pytest.param("(Cooldown)", id="why-suppressed"),
        pytest.param("2 of 10 runs in 30 days", id="budget"),
        pytest.param("mae 76.1 → 33.2", id="promoted-with-numbers"),
        pytest.param("mae 76.1 → 80.3 (max 45)", id="rejected-with-bound"),
        pytest.param("no rows after May", id="failed-with-reason"),
    ],
)
def test_the_tree_tells_the_whole_loop(run: Run, shown: str) -> None:
    assert shown in run("status", "bikes").out


@pytest.mark.usefixtures("loop")
def test_runs_are_shown_newest_first(run: Run) -> None:
    out = run("status", "bikes").out
    assert out.index("mae 76.1 → 33.2") < out.index("bikes-drift-rejected") < out.index("bikes-manual-failed")


def test_only_the_newest_runs_are_listed(cluster: MemoryCluster, run: Run) -> None:
    runs = [retrain_run(f"run-{day}", created=ago(days=day)) for day in range(1, 9)]
    cluster.objects = [model_deployment(), retrain_policy(), *runs]
    out = run("status", "bikes").out
    assert "run-5" in out
    assert "run-6" not in out
    assert "and 3 older runs" in out


def test_a_rollout_and_a_hold_are_told_first(cluster: MemoryCluster, run: Run) -> None:
    candidate = revision("bikes-cc00dd11ee", "c", promotedTime=None)
    cluster.objects = [
        model_deployment(
            annotations={"holdfast.dev/pinned-revision": "bikes-b1c9a0f3d2"},
            candidateRevision=candidate,
            conditions=[condition("Ready"), condition("Reconciling", message="1 of 2 pods are ready")],
        )
    ]
    lines = run("status", "bikes").out.splitlines()
    assert "1 of 2 pods are ready" in lines[1]
    assert "held at bikes-b1c9a0f3d2" in lines[2]
    assert "◐ rolling out  bikes-cc00dd11ee" in lines[3]
    assert "no RetrainPolicy" in lines[-1]


def test_a_model_that_never_served_says_why(cluster: MemoryCluster, run: Run) -> None:
    broken = [
        condition("Ready", "False"),
        condition("Stalled", reason="ModelNotFound", message="no such key"),
    ]
    cluster.objects = [
        model_deployment(conditions=broken, stableRevision=None, revisions=[], readyReplicas=0, url=None)
    ]
    out = run("status", "bikes").out
    assert "bikes  Stalled  0/2 pods  in ml" in out
    assert "no such key" in out
    assert "no revision yet" in out


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([condition("DriftConfirmed")], "drift confirmed"),
        ([condition("DriftSuspected"), condition("DriftConfirmed", "False")], "drift suspected"),
        ([condition("DriftConfirmed", "False", "WithinTolerance")], "no drift"),
        ([condition("DriftConfirmed", "Unknown", "NotEnoughSamples")], "too few rows"),
        ([condition("DriftConfirmed", "Unknown", "InputBroken")], "input broken"),
        ([], "drift not decided"),
    ],
)
def test_drift_is_told_in_words(
    cluster: MemoryCluster, run: Run, conditions: list[Object], words: str
) -> None:
    cluster.objects = [model_deployment(), retrain_policy(conditions=conditions)]
    assert words in run("status", "bikes").out


def test_a_policy_on_a_schedule_tells_the_next_run_and_no_drift(cluster: MemoryCluster, run: Run) -> None:
    schedule = {"schedule": {"cron": "0 3 * * 0"}}
    cluster.objects = [
        model_deployment(),
        retrain_policy(watched=schedule, drift=None, nextScheduleTime="2999-01-01T00:00:00Z"),
    ]
    out = run("status", "bikes").out
    assert "schedule next in" in out
    assert "drift not" not in out


def test_objects_of_another_namespace_or_model_are_left_out(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [
        model_deployment(),
        model_deployment(namespace="other"),
        retrain_policy("others", namespace="other"),
        retrain_policy("fraud", model="fraud"),
        retrain_run("others-run", namespace="other"),
    ]
    everything = json.loads(run("status", "--all-namespaces", "-o", "json").out)["items"]
    own = next(each for each in everything if each["modelDeployment"]["metadata"]["namespace"] == "ml")
    assert own["retrainPolicies"] == own["retrainRuns"] == []


def test_the_table_has_a_line_per_model(loop: MemoryCluster, run: Run) -> None:
    loop.objects.append(model_deployment("credit", namespace="risk", stableRevision=None, readyReplicas=0))
    header, bikes, credit = run("status", "-A").out.splitlines()
    assert header.split() == ["NAMESPACE", "NAME", "STATE", "PODS", "REVISION", "DRIFT", "LAST", "RUN", "AGE"]
    assert bikes.split()[:5] == ["ml", "bikes", "Ready", "2/2", "bikes-3f9c2d1e07"]
    assert "drift confirmed" in bikes
    assert "Promoted" in bikes
    assert credit.split()[:4] == ["risk", "credit", "Ready", "0/2"]


@pytest.mark.parametrize(
    ("words", "place"), [((), "the namespace 'ml'"), (("-A",), "any namespace")], ids=["one", "all"]
)
@pytest.mark.usefixtures("cluster")
def test_no_models_is_not_an_error(run: Run, words: tuple[str, ...], place: str) -> None:
    answer = run("status", *words)
    assert answer.code == 0
    assert answer.out.strip() == ""
    assert place in answer.err


@pytest.mark.usefixtures("loop")
def test_json_has_the_objects_without_bookkeeping(run: Run) -> None:
    document = json.loads(run("status", "bikes", "-o", "json").out)
    assert document["modelDeployment"]["status"]["stableRevision"]["digest"] == digest("9")
    assert [each["metadata"]["name"] for each in document["retrainPolicies"]] == ["bikes-drift"]
    assert len(document["retrainRuns"]) == 3
    assert "managedFields" not in json.dumps(document)


@pytest.mark.usefixtures("cluster")
def test_an_unknown_model_is_told_apart_by_its_exit_code(run: Run) -> None:
    answer = run("status", "nothing")
    assert answer.code == 4
    assert answer.err.startswith("error: ModelDeployment 'nothing' does not exist")


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "words", [("bikes", "-A"), ("--watch", "-o", "json")], ids=["name-and-all", "watch-json"]
)
def test_contradicting_options_are_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    assert run("status", *words).code == 2


def test_watch_shows_changes_until_it_is_interrupted(
    loop: MemoryCluster, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_then_interrupt(_seconds: float) -> None:
        model = loop.objects[0]
        if model["status"]["readyReplicas"] == 1:
            raise KeyboardInterrupt
        model["status"]["readyReplicas"] = 1

    monkeypatch.setattr("holdfast.cli.status.time.sleep", change_then_interrupt)
    answer = run("status", "bikes", "--watch")
    assert answer.code == 130
    assert "1/2 pods" in answer.out
