"""A RetrainPolicy that watches data, with the Jobs that look at it, in memory."""

import copy
from dataclasses import replace
from typing import Any

from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import at, find, job_condition, message, pod, terminated, time_at
from tests.unit.operator.core.policy_observations import next_observation, observe_policy

URI = "s3://data/credit"
SPEC = {"triggers": {"data": {"uri": URI, "checkIntervalSeconds": 600}}, "limits": {"cooldownSeconds": 0}}


class WatchedData:
    """One policy; ``step`` is one reconciliation, whose Jobs come true."""

    def __init__(self, **spec: Any) -> None:
        self.observation: RetrainPolicyObservation = observe_policy({**SPEC, **spec}, seconds=0)
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: list[dict[str, Any]] = []
        self.made: list[str] = []
        self.seconds = 0.0

    def step(self, seconds: float = 0, runs: tuple[RetrainRun, ...] | None = None) -> Decision:
        self.seconds += seconds
        self.observation = replace(
            self.observation,
            now=at(self.seconds),
            look_jobs=tuple(copy.deepcopy(list(self.jobs.values()))),
            look_pods=tuple(self.pods),
            runs=self.observation.runs if runs is None else runs,
        )
        decision = decide_retrain_policy(self.observation)
        for manifest in decision.create:
            if manifest["kind"] == "Job":
                self._make(manifest)
        for deletion in decision.deletions:
            if deletion.kind == "Job":
                del self.jobs[deletion.name]
        self.observation = next_observation(self.observation, decision)
        return decision

    def edit(self, **spec: Any) -> None:
        live = self.observation.resource.model_dump(by_alias=True)
        live["spec"] = {**live["spec"], **spec}
        resource = type(self.observation.resource).model_validate(live)
        self.observation = replace(self.observation, resource=resource)

    def end(self, exit_code: int = 0, reason: str = "", **result: Any) -> None:
        """Let the newest Job end with that result."""
        job = self.jobs[self.made[-1]]
        job["status"] = job_condition("Complete" if exit_code == 0 else "Failed", reason)
        ended = terminated("look", exit_code, message(**result) if result else "")
        self.pods.append(pod(f"pod-{len(self.pods)}", [ended], labels=job["metadata"]["labels"]))

    def see(self, digest: str) -> None:
        self.end(digest=digest, objects=3, totalBytes=700, newestTime=time_at(-60))

    def wait(self, seconds: float, container: dict[str, Any]) -> Decision:
        """Let the newest Job's pod wait for something, and time pass."""
        job = self.jobs[self.made[-1]]
        created = time_at(self.seconds)
        self.pods.append(
            pod("waiting", [container], labels=job["metadata"]["labels"], created=created, phase="Pending")
        )
        return self.step(seconds)

    def said(self, type_: str = "TriggersHealthy") -> str:
        status = self.observation.resource.status
        found = find(status.conditions, type_)
        return f"{found['status']}/{found['reason']}"

    def text(self) -> str:
        return str(find(self.observation.resource.status.conditions, "TriggersHealthy")["message"])

    @property
    def last_run(self) -> Any:
        return self.observation.resource.status.last_run

    def _make(self, manifest: Any) -> None:
        name = manifest["metadata"]["name"]
        assert name not in self.jobs, "a name is used once"
        live = copy.deepcopy(dict(manifest))
        live["metadata"] |= {"uid": f"uid-{name}", "creationTimestamp": time_at(self.seconds)}
        self.jobs[name] = {**live, "status": {}}
        self.made.append(name)
