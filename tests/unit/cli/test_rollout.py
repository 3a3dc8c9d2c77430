"""`holdfast promote`, `pause` and `resume`, and the rollout in the status."""

import json
import re

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import EARLIER, Object, ago, model_deployment, revision

CHECK = {
    "metric": "errorRate",
    "champion": "0.01",
    "candidate": "0.03",
    "low": "0.012",
    "high": "0.031",
    "threshold": "maxRegression 0.02",
    "outcome": "Inconclusive",
}
CANDIDATE = revision("bikes-cccccccccc", "c", "RollingOut") | {
    "step": 2,
    "steps": 4,
    "stepName": "Canary 20 %",
    "weightPercent": 20,
    "checks": [CHECK, {"metric": "labelledLoss", "threshold": "maxRegression 1", "outcome": "Skipped"}],
}
PROMOTE, PAUSED = "holdfast.dev/promote", "holdfast.dev/rollout-paused"


def annotations(cluster: MemoryCluster) -> Object:
    found: Object = cluster.objects[0]["metadata"].get("annotations", {})
    return found


def test_candidate_is_promoted_by_its_name(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(candidateRevision=CANDIDATE)]
    answer = run("promote", "bikes")
    assert re.fullmatch(rf"{CANDIDATE['name']}@\d{{4}}-.*Z", annotations(cluster)[PROMOTE])
    assert "takes over as soon as its pods are ready" in answer.out


def test_step_alone_can_be_passed(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(candidateRevision=CANDIDATE)]
    answer = run("promote", "bikes", "--step")
    assert annotations(cluster)[PROMOTE].startswith(f"{CANDIDATE['name']}/2@")
    assert "passes step 2" in answer.out


def test_nothing_is_promoted_without_a_candidate(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment()]
    answer = run("promote", "bikes")
    assert answer.code == 4
    assert "nothing is being rolled out for 'bikes'" in answer.err
    assert annotations(cluster) == {}


def test_rollout_is_paused_and_resumed(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(annotations={"team": "bikes"})]
    assert "stays at its step" in run("pause", "bikes").out
    assert annotations(cluster) == {"team": "bikes", PAUSED: "true"}
    answer = run("resume", "bikes", "-o", "json")
    assert annotations(cluster) == {"team": "bikes"}
    assert json.loads(answer.out)["metadata"]["name"] == "bikes"


def test_status_shows_the_step_and_its_checks(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [model_deployment(candidateRevision=CANDIDATE)]
    shown = run("status", "bikes").out
    assert "rolling out, 20 %" in shown
    assert "step 2 of 4: Canary 20 %" in shown
    assert re.search(r"errorRate +0\.01 +0\.03 +0\.012 … 0\.031 +maxRegression 0\.02 +Inconclusive", shown)


def test_status_shows_a_probation(cluster: MemoryCluster, run: Run) -> None:
    probation = {
        "revision": EARLIER,
        "startedTime": ago(hours=1),
        "endTime": ago(hours=-1),
        "checks": [CHECK],
    }
    cluster.objects = [model_deployment(probation=probation)]
    shown = run("status", "bikes").out
    assert f"{EARLIER['name']} stands by" in re.sub(r"\s+", " ", shown)
    assert "errorRate" in shown
