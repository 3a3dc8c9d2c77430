"""What a rehearsed policy sees of its cluster: the model as recorded, and runs that take a fixed time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from holdfast.labels import API_VERSION
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy, RetrainPolicyStatus
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.metadata import Manifest

NAMESPACE = "rehearsal"
_DIGEST = f"sha256:{0:064x}"


@dataclass
class Stage:
    """One policy, its model and its runs.

    Runs take ``run_seconds`` and change nothing that serves: what another model would have counted is not in
    the recorded metrics.
    """

    policy: RetrainPolicy
    run_seconds: float
    runs: list[RetrainRun] = field(default_factory=list)

    def update(self, status: Any) -> None:
        """Take over the status that was decided."""
        self.policy = self.policy.model_copy(update={"status": RetrainPolicyStatus.model_validate(status)})

    def start(self, manifest: Manifest, now: datetime) -> None:
        """Start the run of a manifest, unless it is there."""
        if all(run.metadata.name != manifest["metadata"]["name"] for run in self.runs):
            started = format_time(now)
            metadata = {**manifest["metadata"], "uid": str(len(self.runs)), "creationTimestamp": started}
            document = {**manifest, "metadata": metadata, "status": {"startTime": started}}
            self.runs.append(RetrainRun.model_validate(document))

    def end_runs(self, now: datetime) -> None:
        """Give an end to the runs that have taken their time."""
        self.runs = [self._ended(run) if now >= self._end(run) else run for run in self.runs]

    def model(self, revision: str, now: datetime) -> ModelDeployment:
        """Return the ModelDeployment as it is while that revision serves."""
        moment = format_time(now)
        ready = {"type": "Ready", "status": "True", "reason": "Serving", "lastTransitionTime": moment}
        serving = {
            "name": revision,
            "digest": _DIGEST,
            "uri": "s3://recorded",
            "origin": "Spec",
            "createdTime": moment,
        }
        return ModelDeployment.model_validate(
            {
                "apiVersion": API_VERSION,
                "kind": "ModelDeployment",
                "metadata": {"name": self.policy.spec.model_deployment_ref.name, "namespace": NAMESPACE},
                "spec": {"model": {"uri": "s3://recorded"}},
                "status": {"conditions": [ready], "stableRevision": serving},
            }
        )

    def _end(self, run: RetrainRun) -> datetime:
        return parse_time(run.metadata.creation_timestamp) + timedelta(seconds=self.run_seconds)

    def _ended(self, run: RetrainRun) -> RetrainRun:
        end = {"completion_time": format_time(self._end(run))}
        return run.model_copy(update={"status": run.status.model_copy(update=end)})
