"""Follows the three kinds through the API server's watch, one thread per kind, into one queue."""

import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import config, watch
from kubernetes.client import ApiException, CustomObjectsApi

GROUP, VERSION = "holdfast.dev", "v1alpha1"
KINDS = {
    "modeldeployments": "ModelDeployment",
    "retrainpolicies": "RetrainPolicy",
    "retrainruns": "RetrainRun",
}
_WATCH_SECONDS = 300
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Change:
    """An object as it was last seen."""

    kind: str
    resource: dict[str, Any]


def follow(kubeconfig: Path, namespace: str) -> "queue.SimpleQueue[Change]":
    """Return a queue in which every version of the three kinds' objects appears, until this process ends."""
    changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
    api = CustomObjectsApi(config.new_client_from_config(str(kubeconfig)))
    for plural, kind in KINDS.items():
        arguments = (api, namespace, plural, kind, changes)
        threading.Thread(target=_watch, args=arguments, name=f"watch-{plural}", daemon=True).start()
    return changes


def _watch(
    api: CustomObjectsApi, namespace: str, plural: str, kind: str, changes: "queue.SimpleQueue[Change]"
) -> None:
    while True:
        try:
            # Without a resourceVersion a watch begins with what is there, so a new one misses nothing.
            events = watch.Watch().stream(
                api.list_namespaced_custom_object,
                GROUP,
                VERSION,
                namespace,
                plural,
                timeout_seconds=_WATCH_SECONDS,
            )
            for event in events:
                if event["type"] in ("ADDED", "MODIFIED"):
                    changes.put(Change(kind, event["object"]))
        except (ApiException, urllib3.exceptions.HTTPError):
            time.sleep(_PAUSE_SECONDS)
