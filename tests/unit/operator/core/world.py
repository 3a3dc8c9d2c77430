"""A ModelDeployment and its children in memory: what a decision says becomes true."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.decision import Decision, Event
from holdfast_operator.core.model_deployment import decide_model_deployment
from holdfast_operator.core.observation import GatewayApi, ModelDeploymentObservation
from holdfast_operator.core.step_evidence import StepEvidence
from holdfast_operator.manifests.metadata import Manifest
from tests.unit.operator.core.builders import (
    MODEL_URI,
    SETTINGS,
    START,
    digest,
    job_condition,
    message,
    metadata,
    pod,
    terminated,
)


def endpoint_slice(service: str, *, ready: bool | None = True) -> dict[str, Any]:
    """Return where the only pod of a Service is."""
    conditions = {} if ready is None else {"conditions": {"ready": ready}}
    return {
        "metadata": {"name": f"{service}-1", "labels": {"kubernetes.io/service-name": service}},
        "endpoints": [{"addresses": ["10.0.0.1"], **conditions}],
    }


class World:
    """One ModelDeployment with its children and pods; ``step`` is one reconciliation."""

    def __init__(self, **spec: Any) -> None:
        self.metadata: dict[str, Any] = metadata("credit", annotations={})
        self.spec: dict[str, Any] = {"model": {"uri": MODEL_URI}, **spec}
        self.status: Mapping[str, Any] = {}
        self.children: dict[tuple[str, str], dict[str, Any]] = {}
        self.pods: list[dict[str, Any]] = []
        self.runs: list[RetrainRun] = []
        self.foreign: list[Manifest] = []
        self.events: list[Event] = []
        self.settings = SETTINGS
        self.gateway_api = GatewayApi.OFF
        self.endpoint_slices: list[dict[str, Any]] = []
        self.evidence: StepEvidence | None = None
        self.now: datetime = START
        self._made = 0

    def observe(self) -> ModelDeploymentObservation:
        resource = {"metadata": self.metadata, "spec": self.spec, "status": self.status}
        return ModelDeploymentObservation(
            resource=ModelDeployment.model_validate(copy.deepcopy(resource)),
            children=tuple(copy.deepcopy(list(self.children.values()))),
            pods=tuple(copy.deepcopy(self.pods)),
            runs=tuple(self.runs),
            now=self.now,
            settings=self.settings,
            foreign=tuple(self.foreign),
            gateway_api=self.gateway_api,
            endpoint_slices=tuple(self.endpoint_slices),
            step_evidence=self.evidence,
        )

    def step(self) -> Decision:
        decision = decide_model_deployment(self.observe())
        for manifest in decision.desired:
            self._apply(manifest)
        for manifest in decision.create:
            if (manifest["kind"], manifest["metadata"]["name"]) not in self.children:
                self._apply(manifest)
        for deletion in decision.deletions:
            assert self.children[deletion.kind, deletion.name]["metadata"]["uid"] == deletion.uid
            del self.children[deletion.kind, deletion.name]
        if decision.status is not None:
            self.status = decision.status
        self.events.extend(decision.events)
        return decision

    def settle(self) -> Decision:
        """Step until nothing changes any more."""
        for _ in range(10):
            before = (self.status, copy.deepcopy(self.children))
            decision = self.step()
            if (self.status, self.children) == before:
                return decision
        raise AssertionError("it never comes to rest")

    def edit(self, **spec: Any) -> None:
        self.spec = {**self.spec, **spec}
        self.metadata["generation"] += 1

    def pin(self, name: str | None) -> None:
        self.metadata["annotations"] = {"holdfast.dev/pinned-revision": name} if name else {}

    def annotate(self, **values: str | None) -> None:
        """Set annotations of ours, such as ``promote``; None removes one."""
        names = {f"holdfast.dev/{name.replace('_', '-')}": value for name, value in values.items()}
        known = self.metadata["annotations"] | names
        self.metadata["annotations"] = {name: value for name, value in known.items() if value is not None}

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def replicas(self) -> dict[str, int]:
        """Return the number of pods that each Deployment is to have."""
        return {each["metadata"]["name"]: each["spec"]["replicas"] for each in self.of_kind("Deployment")}

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [child for (each, _), child in self.children.items() if each == kind]

    def inspection(self) -> dict[str, Any]:
        """Return the Job that is at work."""
        return next(job for job in self.of_kind("Job") if not job["status"].get("conditions"))

    def end_inspection(self, exit_code: int = 0, job_reason: str = "", **result: Any) -> None:
        """Let the Job's container end with that result as its termination message."""
        job = self.inspection()
        job["status"] = job_condition("Complete" if exit_code == 0 else "Failed", job_reason)
        text = message(**result) if result else ""
        ended = terminated("inspect", exit_code, text)
        self.pods.append(pod(f"inspect-{self._made}", [ended], labels=job["metadata"]["labels"]))

    def pass_inspection(self, text: str = "first", **result: Any) -> None:
        self.end_inspection(digest=digest(text), profileHash=f"profile-{text}", **result)

    def make_ready(self, name: str, ready: int | None = None) -> None:
        """Let pods of the Deployment be ready, as its controller reports."""
        deployment = self.children["Deployment", name]
        wanted = deployment["spec"]["replicas"]
        count = wanted if ready is None else ready
        deployment["status"] = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "readyReplicas": count,
            "availableReplicas": count,
        }
        self.endpoint_slices.append(endpoint_slice(name))

    def serve(self, text: str = "first") -> str:
        """Bring the model from the URI to promotion; return the revision's name."""
        self.settle()
        self.pass_inspection(text)
        self.settle()
        name = str(self.status["candidateRevision"]["name"])
        self.make_ready(name)
        self.settle()
        assert self.status["stableRevision"]["name"] == name
        return name

    def upgrade_operator(self, server_image: str) -> None:
        self.settings = replace(self.settings, server_image=server_image)

    def condition(self, type_: str) -> Mapping[str, Any]:
        return next(each for each in self.status["conditions"] if each["type"] == type_)

    def summary(self) -> dict[str, str]:
        """Return ``status/reason`` by condition type."""
        return {each["type"]: f"{each['status']}/{each['reason']}" for each in self.status["conditions"]}

    def _apply(self, manifest: Manifest) -> None:
        key = (manifest["kind"], manifest["metadata"]["name"])
        live = self.children.get(key)
        self._made += 1
        fresh = copy.deepcopy(dict(manifest))
        known: dict[str, Any] = live["metadata"] if live else {"uid": f"uid-{self._made}", "generation": 0}
        changed = live is None or any(live.get(field) != fresh.get(field) for field in ("spec", "data"))
        fresh["metadata"] |= {"uid": known["uid"], "generation": known["generation"] + int(changed)}
        fresh["status"] = live["status"] if live else {}
        self.children[key] = fresh
