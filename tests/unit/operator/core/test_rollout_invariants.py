"""What holds in every rollout, whatever pods, judgements and people do, in whichever order."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.unit.operator.core.rollout_worlds import INTERVAL, candidate, world_of
from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.routes import TRAFFIC, answer, route, shares
from tests.unit.operator.core.step_evidences import evidence

ANALYSIS = {"intervalSeconds": INTERVAL, "maxIntervals": 2}
COMMON = {"analysis": ANALYSIS, "probation": {"seconds": 2 * INTERVAL}, "progressDeadlineSeconds": 600}
STRATEGIES: dict[str, dict[str, Any]] = {
    "rolling": {"strategy": "RollingUpdate"},
    "canary": {"strategy": "Canary", "canary": {"steps": [10, 60]}},
    "canary-of-scarce-pods": {"strategy": "Canary", "canary": {"steps": [50]}, "maxSurge": 0},
    "shadow-then-canary": {"strategy": "Canary", "canary": {"steps": [30]}, "shadow": {}},
    "blue-green": {"strategy": "BlueGreen", "promotion": "Manual"},
    "rolling-of-scarce-pods": {"strategy": "RollingUpdate", "maxSurge": 0},
    "canary-by-gateway": {"strategy": "Canary", "canary": {"steps": [10, 60]}, "traffic": TRAFFIC},
}
EVIDENCE = {
    "good": evidence(),
    "bad": evidence(errors=400),
    "little": evidence(requests=3),
    "none": None,
}
SETTINGS = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


class RolloutMachine(RuleBasedStateMachine):
    """A model that is served, and candidates that come, go on and fail."""

    rollout: dict[str, Any]

    @initialize(replicas=st.sampled_from([1, 2, 4]))
    def start(self, replicas: int) -> None:
        self.world, _, _ = world_of(COMMON | self.rollout, replicas)
        self.models = 0
        self.failed: set[str] = set()

    @rule()
    def reconcile(self) -> None:
        self.world.step()

    @rule()
    def settle(self) -> None:
        self.world.settle()
        again = self.world.step()
        assert again.status == self.world.status
        assert (again.deletions, again.create, again.events) == ((), (), ())

    @rule()
    def pods_are_ready(self) -> None:
        for name in self.world.replicas():
            self.world.make_ready(name)

    @rule()
    @precondition(lambda self: bool(candidate(self.world)) and "maxSurge" not in self.rollout)
    def candidate_loses_its_pods(self) -> None:
        self.world.make_ready(candidate(self.world)["name"], 0)

    @rule()
    @precondition(lambda self: bool(self.world.of_kind("HTTPRoute")))
    def gateway_answers(self) -> None:
        answer(route(self.world))

    @rule(kind=st.sampled_from([*EVIDENCE]))
    def interval_passes(self, kind: str) -> None:
        self.world.evidence = EVIDENCE[kind]
        self.world.wait(INTERVAL)

    @rule()
    @precondition(lambda self: not candidate(self.world))
    def another_model(self) -> None:
        self.models += 1
        self.world.annotate(pinned_revision=None)
        rolling_out(self.world, f"model-{self.models}")

    @rule(whole=st.booleans())
    @precondition(lambda self: bool(candidate(self.world)))
    def promote(self, *, whole: bool) -> None:
        found = candidate(self.world)
        step = "" if whole else f"/{found.get('step', 1)}"
        self.world.annotate(promote=f"{found['name']}{step}@{self.world.now}")

    @rule(paused=st.booleans())
    def pause(self, *, paused: bool) -> None:
        self.world.annotate(rollout_paused="true" if paused else None)

    @rule()
    @precondition(lambda self: bool(self.world.status.get("revisions")))
    def roll_back(self) -> None:
        self.world.annotate(pinned_revision=self.world.status["revisions"][0]["name"])

    @invariant()
    def some_pod_behind_the_address_is_ready(self) -> None:
        if "traffic" in self.rollout:
            return
        selector = self.world.children["Service", "credit"]["spec"]["selector"]
        only = selector.get("holdfast.dev/revision")
        ready = {
            each["metadata"]["name"]: min(each["status"].get("readyReplicas", 0), each["spec"]["replicas"])
            for each in self.world.of_kind("Deployment")
        }
        assert sum(count for name, count in ready.items() if only in (None, name)) > 0

    @invariant()
    def weights_add_up_to_100(self) -> None:
        if self.world.of_kind("HTTPRoute"):
            found = shares(self.world)
            assert sum(found.values()) == 100
            names = {each["metadata"]["name"] for each in self.world.of_kind("Service")}
            assert found.keys() <= names

    @invariant()
    def candidate_with_requests_has_been_ready(self) -> None:
        found = candidate(self.world)
        if found.get("weightPercent"):
            assert found["step"] >= 1
        if "step" in found:
            assert 1 <= found["step"] <= found["steps"]

    @invariant()
    def what_serves_is_kept_and_has_not_failed(self) -> None:
        stable = self.world.status["stableRevision"]
        assert stable["outcome"] == "Serving"
        assert ("Deployment", stable["name"]) in self.world.children
        assert stable["name"] not in {each["name"] for each in self.world.status["revisions"]}

    @invariant()
    def surge_is_kept(self) -> None:
        surge = self.rollout.get("maxSurge")
        if surge is not None and candidate(self.world):
            total = self.world.spec["server"]["replicas"]
            names = (self.world.status["stableRevision"]["name"], candidate(self.world)["name"])
            pods = sum(self.world.replicas().get(name, 0) for name in names)
            assert pods <= total + max(surge, 1 if total == 1 else 0)


@pytest.mark.parametrize("rollout", STRATEGIES.values(), ids=STRATEGIES)
def test_rollout_keeps_its_promises(rollout: dict[str, Any]) -> None:
    class Machine(RolloutMachine):
        pass

    Machine.rollout = rollout
    run_state_machine_as_test(Machine, settings=SETTINGS)
