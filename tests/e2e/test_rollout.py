"""Rollouts by steps on a real node, under load: no request fails, and the address always has a ready pod."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.endpoints import EndpointWatch
from tests.e2e.environment import Workspace
from tests.e2e.kubectl import Object, condition, has_reason
from tests.e2e.load import SteadyLoad, requests_of
from tests.e2e.models import diabetes, gradient_boosting, linear, mistaken
from tests.e2e.resources import model_deployment
from tests.e2e.test_model_deployment import promoted

pytestmark = pytest.mark.e2e

NAME = "diabetes"
CHECKS = [
    {"metric": "errorRate", "maxRegression": "0.05"},
    {"metric": "latencyP95Milliseconds", "maxRegression": "2000"},
    {"metric": "predictionShift", "max": "1"},
]
ANALYSIS = {"intervalSeconds": 5, "minSamples": 100, "maxIntervals": 20, "checks": CHECKS}
CANARY = {"strategy": "Canary", "canary": {"steps": [30]}, "analysis": ANALYSIS}


@pytest.fixture
def load(workspace: Workspace) -> Iterator[SteadyLoad]:
    """Serve the first model, and ask it without a pause."""
    uri = workspace.publish(gradient_boosting(seed=1))
    workspace.kubectl.apply(model_deployment(NAME, uri, replicas=2, rollout=CANARY))
    promoted(workspace, NAME)
    rows, _ = diabetes()
    with (
        workspace.service(NAME) as url,
        EndpointWatch(workspace.kubectl, NAME) as endpoints,
        SteadyLoad(url, NAME, requests_of(rows)) as load,
    ):
        yield load
        assert endpoints.fewest > 0
    assert load.failures == []


def roll_out(workspace: Workspace, model: Any, **rollout: Any) -> None:
    spec: dict[str, Any] = {"model": {"uri": workspace.publish(model)}}
    if rollout:
        spec["rollout"] = rollout
    workspace.kubectl.patch("mdep", NAME, {"spec": spec})


def in_step(name: str) -> Any:
    return lambda found: found["status"].get("candidateRevision", {}).get("stepName") == name


def names_of(found: Object) -> tuple[str, str]:
    status = found["status"]
    return status["stableRevision"]["name"], status["candidateRevision"]["name"]


def test_canary_that_is_as_good_takes_over_after_its_step(workspace: Workspace, load: SteadyLoad) -> None:
    roll_out(workspace, gradient_boosting(seed=2))
    found = workspace.kubectl.wait("mdep", NAME, in_step("Canary 30 %"), 120)
    stable, second = names_of(found)
    assert len(workspace.pods(second)) == 1
    assert promoted(workspace, NAME) == second
    checks = (workspace.kubectl.get("mdep", NAME) or {})["status"]["stableRevision"]["checks"]
    assert {each["metric"]: each["outcome"] for each in checks} == {
        "errorRate": "Pass",
        "latencyP95Milliseconds": "Pass",
        "predictionShift": "Pass",
    }
    assert {stable, second} <= set(load.answers)


def test_canary_that_predicts_otherwise_is_taken_back(workspace: Workspace, load: SteadyLoad) -> None:
    first = promoted(workspace, NAME)
    roll_out(workspace, mistaken())
    found = workspace.kubectl.wait("mdep", NAME, has_reason("Stalled", "StepFailed"), 150)
    assert "predictionShift" in condition(found, "Stalled")["message"]
    assert condition(found, "Ready")["status"] == "True"
    assert found["status"]["stableRevision"]["name"] == first
    left = found["status"]["revisions"][0]
    workspace.kubectl.wait_gone("pods", f"holdfast.dev/revision={left['name']}")
    assert left["outcome"] == "Failed"
    assert load.answers[left["name"]] < load.answers[first]


def test_shadow_is_judged_on_copies_and_answers_nobody_before_it_serves(
    workspace: Workspace, load: SteadyLoad
) -> None:
    checks = [{"metric": "disagreement", "max": "0.9"}, {"metric": "errorRate", "maxRegression": "0.05"}]
    shadow = {"strategy": "Shadow", "canary": None, "analysis": ANALYSIS | {"checks": checks}}
    workspace.kubectl.patch("mdep", NAME, {"spec": {"rollout": shadow}})
    promoted(workspace, NAME)
    roll_out(workspace, linear(seed=3))
    found = workspace.kubectl.wait("mdep", NAME, in_step("Shadow"), 150)
    _, second = names_of(found)
    assert load.answers[second] == 0
    assert promoted(workspace, NAME) == second
    assert workspace.kubectl.get("service", f"{NAME}-shadow") is None


def test_blue_green_waits_for_a_person_and_changes_over_at_once(
    workspace: Workspace, load: SteadyLoad
) -> None:
    probation = {"seconds": 3600, "standbyPercent": 50}
    blue_green = {
        "strategy": "BlueGreen",
        "canary": None,
        "promotion": "Manual",
        "probation": probation,
        "analysis": None,
    }
    roll_out(workspace, gradient_boosting(seed=4), **blue_green)
    found = workspace.kubectl.wait("mdep", NAME, has_reason("Reconciling", "AwaitingPromotion"), 120)
    first, second = names_of(found)
    assert load.answers[second] == 0
    assert workspace.kubectl.get("service", f"{NAME}-candidate") is not None
    workspace.kubectl.run("annotate", "mdep", NAME, f"holdfast.dev/promote={second}")
    assert promoted(workspace, NAME) == second
    standby = workspace.kubectl.wait("deployment", first, lambda found: found["spec"]["replicas"] == 1)
    workspace.kubectl.run("annotate", "mdep", NAME, f"holdfast.dev/pinned-revision={first}")
    workspace.kubectl.wait("mdep", NAME, lambda found: found["status"]["stableRevision"]["name"] == first)
    kept = workspace.kubectl.get("deployment", first) or {}
    assert kept["metadata"]["uid"] == standby["metadata"]["uid"]
