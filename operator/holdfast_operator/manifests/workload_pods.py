"""The pods that a workload's template spells, made to fit: restricted, told about the run, with the claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdfast_operator.manifests.pod_security import USER

HANDOVER_VOLUME: Final = "holdfast-handover"
HANDOVER_DIR: Final = "/mnt/handover"
_CONTAINER_LISTS: Final = ("initContainers", "containers")
_SINGLE_CONTAINERS: Final = ("container", "script")
"""Of a template in an Argo Workflow."""
_OURS: Final = "HOLDFAST_"


@dataclass(frozen=True)
class Additions:
    """What every container gets."""

    variables: Mapping[str, str]
    claim: str | None
    """PersistentVolumeClaim to be mounted at HANDOVER_DIR."""
    service_account_name: str | None


def complete_pods(value: Any, additions: Additions) -> Any:
    """Return the value with every pod spec in it completed: a mapping with a list ``containers``."""
    if isinstance(value, list):
        return [complete_pods(part, additions) for part in value]
    if not isinstance(value, Mapping):
        return value
    completed = {key: complete_pods(part, additions) for key, part in value.items()}
    if _are_containers(completed.get("containers")):
        return _complete_pod(completed, additions)
    for key in _SINGLE_CONTAINERS:
        if isinstance(completed.get(key), Mapping) and "image" in completed[key]:
            completed[key] = complete_container(completed[key], additions)
    return completed


def complete_container(container: Mapping[str, Any], additions: Additions) -> dict[str, Any]:
    """Return the container with our variables, the claim, and no more privileges than it names."""
    own = container.get("securityContext") or {}
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, **own}
    completed = {
        **container,
        "env": with_variables(container.get("env"), additions.variables),
        "securityContext": security,
    }
    if additions.claim is not None:
        mounts = container.get("volumeMounts") or []
        completed["volumeMounts"] = [*mounts, {"name": HANDOVER_VOLUME, "mountPath": HANDOVER_DIR}]
    return completed


def with_variables(env: Any, variables: Mapping[str, str]) -> list[Any]:
    """Return the variables of a container and then ours; those that bear names like ours are left out."""
    kept = [entry for entry in env or () if not str(_name_of(entry)).startswith(_OURS)]
    return [*kept, *({"name": name, "value": value} for name, value in variables.items())]


def claim_volume(claim: str) -> dict[str, Any]:
    """Return the volume of the claim that the output goes to."""
    return {"name": HANDOVER_VOLUME, "persistentVolumeClaim": {"claimName": claim}}


def pod_security(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the security context of a pod, where its own fields win; they were checked."""
    return {
        "runAsNonRoot": True,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
        **own,
    }


def _complete_pod(pod: dict[str, Any], additions: Additions) -> dict[str, Any]:
    lists = {
        key: [complete_container(each, additions) for each in pod[key]]
        for key in _CONTAINER_LISTS
        if _are_containers(pod.get(key))
    }
    volumes = list(pod.get("volumes") or ())
    if additions.claim is not None:
        volumes.append(claim_volume(additions.claim))
    completed = {**pod, **lists, "securityContext": pod_security(pod.get("securityContext") or {})}
    if volumes:
        completed["volumes"] = volumes
    if additions.service_account_name is not None:
        return {**completed, "serviceAccountName": additions.service_account_name}
    return {**completed, "automountServiceAccountToken": False}


def _are_containers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _name_of(entry: Any) -> Any:
    return entry.get("name", "") if isinstance(entry, Mapping) else ""
