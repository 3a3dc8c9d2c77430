"""The workload of another engine, made from the policy's template for one run."""

from typing import Any, Final

from holdfast_operator.api.workload import Workload, WorkloadTemplate
from holdfast_operator.manifests.metadata import Manifest, short
from holdfast_operator.manifests.model_source import mounted_path, needs_network
from holdfast_operator.manifests.training_containers import TrainingParts, run_variables
from holdfast_operator.manifests.training_job import queue_label, run_metadata
from holdfast_operator.manifests.workload_pods import (
    HANDOVER_DIR,
    Additions,
    claim_volume,
    complete_pods,
    pod_security,
    with_variables,
)

MAX_NAME_LENGTH: Final = 40
"""Engines make names of 63 characters at most from it; KubeRay allows 47."""


def workload_name(run: str) -> str:
    """Return the name of a run's workload."""
    return run if len(run) <= MAX_NAME_LENGTH else f"{run[: MAX_NAME_LENGTH - 11].rstrip('-')}-{short(run)}"


def resource_name(template: WorkloadTemplate) -> str:
    """Return plural and group of the kind, such as pytorchjobs.kubeflow.org."""
    return f"{guess_plural(template.kind)}.{template.api_version.partition('/')[0]}"


def guess_plural(kind: str) -> str:
    """Return the plural that Kubernetes gives a kind unless its CRD says otherwise.

    Source: ``meta.UnsafeGuessKindToResource`` of k8s.io/apimachinery.
    """
    singular = kind.lower()
    if singular.endswith("s"):
        return f"{singular}es"
    return f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"


def handover_uri(workload: Workload, run: str) -> str:
    """Return where the run's workload leaves what it has trained."""
    return f"{workload.handover.uri.rstrip('/')}/{run}"


def render_workload(training: TrainingParts, workload: Workload) -> Manifest:
    """Return the workload; its engine sees our variables in every container that the template spells."""
    template, run = workload.template, training.run.metadata.name
    metadata = run_metadata(training, workload_name(run))
    metadata["labels"] = {
        **template.metadata.labels,
        **metadata["labels"],
        **queue_label(workload.queue_name),
    }
    if template.metadata.annotations:
        metadata["annotations"] = dict(template.metadata.annotations)
    return {
        "apiVersion": template.api_version,
        "kind": template.kind,
        "metadata": metadata,
        "spec": _spec(training, workload),
    }


def _spec(training: TrainingParts, workload: Workload) -> dict[str, Any]:
    uri = workload.handover.uri
    claim = None if needs_network(uri) else uri.removeprefix("pvc://").partition("/")[0]
    additions = Additions(_variables(training, workload), claim, workload.service_account_name)
    spec: dict[str, Any] = complete_pods(workload.template.spec, additions)
    if workload.template.kind == "TrainJob":
        return _train_job(spec, additions)
    if workload.template.kind == "Workflow":
        return _workflow(spec, additions)
    return spec


def _variables(training: TrainingParts, workload: Workload) -> dict[str, str]:
    uri = handover_uri(workload, training.run.metadata.name)
    where = (
        {"HOLDFAST_OUTPUT_URI": uri}
        if needs_network(uri)
        else {"HOLDFAST_OUTPUT_DIR": mounted_path(uri, HANDOVER_DIR)}
    )
    champion = training.champion
    known = (
        {"HOLDFAST_CHAMPION_URI": champion.uri, "HOLDFAST_CHAMPION_DIGEST": champion.digest}
        if champion
        else {}
    )
    data = {"HOLDFAST_DATA_URI": workload.data_uri} if workload.data_uri else {}
    return {**where, **run_variables(training.run), **data, **known}


def _train_job(spec: dict[str, Any], additions: Additions) -> dict[str, Any]:
    """Return the spec of a TrainJob, whose containers are its runtime's: only variables can be added."""
    trainer = spec.get("trainer") or {}
    return {**spec, "trainer": {**trainer, "env": with_variables(trainer.get("env"), additions.variables)}}


def _workflow(spec: dict[str, Any], additions: Additions) -> dict[str, Any]:
    """Return the spec of a Workflow, which has the volumes and the security context of its pods."""
    completed = {**spec, "securityContext": pod_security(spec.get("securityContext") or {})}
    if additions.claim is not None:
        completed["volumes"] = [*(spec.get("volumes") or ()), claim_volume(additions.claim)]
    if additions.service_account_name is not None:
        completed["serviceAccountName"] = additions.service_account_name
    return completed
