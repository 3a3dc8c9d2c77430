"""What holds whatever happens, in whichever order."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdfast.drift_settings import Tier
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.core.retrain_run import decide_retrain_run
from holdfast_operator.core.runs import is_finished, is_started
from tests.unit.operator.core.builders import at, retrain_run, terminated, time_at
from tests.unit.operator.core.policy_observations import (
    DAILY,
    DRIFT,
    EVEN,
    MOVED,
    alarm,
    column,
    next_observation,
    observe_policy,
    window,
)
from tests.unit.operator.core.rollouts import accepted_run, candidate_pod
from tests.unit.operator.core.run_observations import observe_run, training_job
from tests.unit.operator.core.world import World

MODELS = ("first", "second", "third")


class ModelDeploymentMachine(RuleBasedStateMachine):
    """A ModelDeployment under people, clocks and failures."""

    @initialize()
    def start(self) -> None:
        self.world = World(rollout={"progressDeadlineSeconds": 60})
        self.world.step()
        self.runs = 0

    @rule()
    def reconcile(self) -> None:
        live = self.world.observe().resource.status
        decision = self.world.step()
        gone = {deletion.name for deletion in decision.deletions}
        for status in (live, self.world.observe().resource.status):
            if status.stable_revision is not None:
                assert status.stable_revision.name not in gone

    @rule()
    def settle(self) -> None:
        self.world.settle()
        again = self.world.step()
        assert again.status == self.world.status
        assert again.events == ()
        assert (again.deletions, again.create) == ((), ())

    @rule(seconds=st.sampled_from([1, 30, 61, 4000]))
    def wait(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule(model=st.sampled_from(MODELS))
    def edit_model(self, model: str) -> None:
        self.world.edit(model={"uri": f"s3://models/credit/{model}"})

    @rule(threads=st.sampled_from([None, 2]), replicas=st.sampled_from([0, 1, 3]))
    def edit_server(self, threads: int | None, replicas: int) -> None:
        self.world.edit(server={"replicas": replicas, **({"threads": threads} if threads else {})})

    @rule(suspend=st.booleans())
    def suspend(self, *, suspend: bool) -> None:
        self.world.edit(suspend=suspend)

    @rule(known=st.integers(-1, 3))
    def pin(self, known: int) -> None:
        names = [revision["name"] for revision in self.world.status.get("revisions", [])]
        self.world.pin(names[known] if 0 <= known < len(names) else None)

    @rule()
    def pin_nonsense(self) -> None:
        self.world.pin("nonsense")

    @rule(model=st.sampled_from(MODELS))
    def accept_run(self, model: str) -> None:
        self.runs += 1
        seconds = (self.world.now - at(0)).total_seconds()
        self.world.runs.append(accepted_run(f"run-{self.runs}", model, seconds))

    @rule(
        model=st.sampled_from(MODELS),
        passes=st.booleans(),
        reason=st.sampled_from(["NotONNX", "ModelNotFound"]),
    )
    @precondition(lambda self: any(not job["status"] for job in self.world.of_kind("Job")))
    def end_inspection(self, model: str, reason: str, *, passes: bool) -> None:
        if passes:
            self.world.pass_inspection(model)
        else:
            self.world.end_inspection(20, failure={"reason": reason, "message": "no"})

    @rule()
    @precondition(lambda self: "candidateRevision" in self.world.status)
    def candidate_is_ready(self) -> None:
        self.world.make_ready(self.world.status["candidateRevision"]["name"])

    @rule()
    @precondition(lambda self: "candidateRevision" in self.world.status)
    def candidate_is_refused(self) -> None:
        self.world.pods.append(candidate_pod(self.world, terminated("fetch", 20)))

    @invariant()
    def reconciling_and_stalled_are_never_both_true(self) -> None:
        if self.world.status:
            statuses = [self.world.condition(each)["status"] for each in ("Reconciling", "Stalled")]
            assert statuses != ["True", "True"]

    @invariant()
    def stable_revision_always_has_its_deployment(self) -> None:
        stable = self.world.status.get("stableRevision")
        if stable is not None:
            assert ("Deployment", stable["name"]) in self.world.children

    @invariant()
    def stable_revision_was_ready_once_and_is_no_failure(self) -> None:
        stable = self.world.status.get("stableRevision")
        if stable is not None:
            assert stable["outcome"] == "Serving"
            assert stable["promotedTime"]
            assert stable["name"] not in [each["name"] for each in self.world.status["revisions"]]

    @invariant()
    def history_names_each_revision_once(self) -> None:
        names = [each["name"] for each in self.world.status.get("revisions", [])]
        assert len(names) == len(set(names)) <= 5


ModelDeploymentMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestModelDeployment = ModelDeploymentMachine.TestCase


@settings(deadline=None)
@given(
    order=st.lists(st.integers(0, 3), min_size=1, max_size=60),
    created=st.lists(st.integers(0, 2), min_size=4, max_size=4),
    ends=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_never_are_two_runs_of_one_model_active(
    order: list[int], created: list[int], ends: list[bool]
) -> None:
    runs = [retrain_run(f"run-{index}", creationTimestamp=time_at(age)) for index, age in enumerate(created)]
    jobs: set[str] = set()
    for turn, (index, finishes) in enumerate(zip(order, ends, strict=False)):
        run = runs[index]
        others = [other for other in runs if other is not run]
        owner = run.metadata.uid
        job = training_job(owner=owner) if run.metadata.name in jobs else None
        observation = replace(observe_run(others=others, seconds=100 + turn), resource=run, job=job)
        decision = decide_retrain_run(observation)
        jobs |= {each["metadata"]["name"] for each in decision.create}
        status = dict(decision.status or run.status.model_dump(by_alias=True))
        if finishes and run.metadata.name in jobs:
            status["completionTime"] = time_at(100 + turn)
        runs[index] = RetrainRun.model_validate(run.model_dump(by_alias=True) | {"status": status})
        active = [each for each in runs if each.metadata.name in jobs and not is_finished(each)]
        assert len(active) <= 1
        assert len([each for each in runs if is_started(each) and not is_finished(each)]) <= 1


@settings(deadline=None)
@given(
    looks=st.lists(
        st.tuples(st.sampled_from([EVEN, MOVED]), st.integers(400, 2000), st.booleans()), max_size=12
    ),
    cooldown=st.sampled_from([0, 600, 86400]),
)
def test_policy_is_idempotent_and_keeps_to_its_budget(
    looks: list[tuple[tuple[int, ...], int, bool]], cooldown: int
) -> None:
    limits = {"cooldownSeconds": cooldown, "maxRunsPer30Days": 3}
    observation = observe_policy({"triggers": DRIFT | DAILY, "limits": limits})
    made: list[str] = []
    for index, (counts, rows, is_broken) in enumerate(looks):
        end = at(3600 + 900 * index)
        alarms = [alarm(Tier.CONFIRMED)] * (counts is MOVED) + [alarm(Tier.FAULT, test="missing")] * is_broken
        seen = window(
            column(counts=counts), rows=rows, start=end - timedelta(hours=1), end=end, alarms=tuple(alarms)
        )
        observation = replace(observation, drift=seen, now=end + timedelta(seconds=3))
        for _ in range(3):
            decision = decide_retrain_policy(observation)
            made += [run["metadata"]["name"] for run in decision.create]
            observation = next_observation(observation, decision)
        again = decide_retrain_policy(observation)
        assert (again.status, again.events, again.create) == (decision.status, (), ())
    assert len(set(made)) == len(made) <= 3
