"""Where each engine's workloads say how they stand, as JMESPath over the whole object.

Sources are the engines' own API types: kubeflow/training-operator v1.8 (PyTorchJob), kubeflow/trainer v2
(TrainJob), ray-project/kuberay v1.4 (RayJob), argoproj/argo-workflows v3.6 (Workflow) and
kubernetes-sigs/jobset v0.10 (JobSet).
"""

from dataclasses import dataclass
from typing import Final

from holdfast_operator.api.workload import Workload


@dataclass(frozen=True)
class Reading:
    """Expressions that tell success, failure, and what there is to say about a failure."""

    success: str
    failure: str
    message: str


def _by_conditions(success: str) -> Reading:
    return Reading(
        success=f"status.conditions[?type=='{success}'].status | [0] == 'True'",
        failure="status.conditions[?type=='Failed'].status | [0] == 'True'",
        message="status.conditions[?type=='Failed'].message | [0]",
    )


READINGS: Final = {
    ("trainer.kubeflow.org", "TrainJob"): _by_conditions("Complete"),
    ("kubeflow.org", "PyTorchJob"): _by_conditions("Succeeded"),
    ("jobset.x-k8s.io", "JobSet"): _by_conditions("Completed"),
    ("ray.io", "RayJob"): Reading(
        success="status.jobDeploymentStatus == 'Complete' && status.jobStatus == 'SUCCEEDED'",
        failure="(status.jobDeploymentStatus == 'Complete' && status.jobStatus != 'SUCCEEDED')"
        " || status.jobDeploymentStatus == 'Failed' || status.jobDeploymentStatus == 'ValidationFailed'",
        message="status.message || status.reason",
    ),
    ("argoproj.io", "Workflow"): Reading(
        success="status.phase == 'Succeeded'",
        failure="status.phase == 'Failed' || status.phase == 'Error'",
        message="status.message",
    ),
}

SUSPENSION: Final = (
    "spec.suspend == `true`",
    "spec.runPolicy.suspend == `true`",
    "status.jobDeploymentStatus == 'Suspending' || status.jobDeploymentStatus == 'Suspended'",
)
"""That a workload may not run for now, in the ways in which engines spell it."""


def reading_of(workload: Workload) -> Reading:
    """Return what the policy says, and where it says nothing, what is known of the engine."""
    template = workload.template
    group = template.api_version.partition("/")[0]
    known = READINGS.get((group, template.kind), Reading("`false`", "`false`", "status.message"))
    return Reading(
        success=workload.success_expression or known.success,
        failure=workload.failure_expression or known.failure,
        message=workload.message_expression or known.message,
    )
