"""What a cluster can say about a failure: objects, last events, and the logs of what did not go well."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.cluster.errors import ClusterError
from tests.cluster.running import RunningCluster

KINDS = "mdep,rtp,rtr,jobs,pods"
_EVENT_LINES = 25
_LOG_LINES = 40


def describe(cluster: RunningCluster, namespace: str, system_namespace: str, operator: str) -> str:
    """Return texts, each under the command that prints it."""

    def asked(*words: str) -> str:
        try:
            return cluster.run_kubectl(*words).rstrip()
        except ClusterError as error:
            return str(error)

    here = f"--namespace={namespace}"
    logs = [
        ("logs", here, pod, f"--container={container}", f"--tail={_LOG_LINES}")
        for pod, container in troubled_containers(_pods(cluster, namespace))
    ]
    commands = [
        ("get", here, KINDS, "--output=wide"),
        ("get", here, "events", "--sort-by=.metadata.creationTimestamp"),
        *logs,
        ("logs", f"--namespace={system_namespace}", f"deployment/{operator}", f"--tail={_LOG_LINES}"),
    ]
    return "\n\n".join(
        f"$ kubectl {' '.join(words)}\n{_end(asked(*words)) if 'events' in words else asked(*words)}"
        for words in commands
    )


def troubled_containers(pods: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield pod and container of each that has run and neither runs well now nor has ended with 0."""
    for pod in pods:
        status = pod.get("status", {})
        for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            if _has_trouble(container):
                yield pod["metadata"]["name"], container["name"]


def _has_trouble(container: Mapping[str, Any]) -> bool:
    state, before = container.get("state", {}), container.get("lastState", {})
    ended = state.get("terminated") or before.get("terminated")
    if ended is not None:
        return bool(ended.get("exitCode", 0) != 0)
    return "running" in state and not container.get("ready", False)


def _pods(cluster: RunningCluster, namespace: str) -> list[Mapping[str, Any]]:
    try:
        found: list[Mapping[str, Any]] = json.loads(
            cluster.run_kubectl("get", f"--namespace={namespace}", "pods", "--output=json")
        )["items"]
    except (ClusterError, ValueError):
        return []
    return found


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-_EVENT_LINES:])
