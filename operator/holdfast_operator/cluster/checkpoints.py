"""Reads what was kept of a policy over a restart, and has watches count on from it."""

from collections.abc import Callable
from datetime import datetime

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.cluster.api import Cluster
from holdfast_operator.cluster.drift_checkpoint import load_drift
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import CONFIG_MAP
from holdfast_operator.cluster.label_checkpoint import load_labels
from holdfast_operator.manifests.checkpoint import Subject, checkpoint_key, checkpoint_name
from holdfast_operator.manifests.metadata import Manifest, is_controlled_by


async def resume_watches(
    cluster: Cluster, watch: DriftWatch, key: Key, policy: RetrainPolicy, now: Callable[[], datetime]
) -> tuple[Manifest, ...]:
    """Return the ConfigMaps of a policy's triggers; count on from them after a restart.

    Raises:
        ApiError: one cannot be read.
    """
    found = []
    if policy.spec.triggers.performance is not None and (kept := await _read(cluster, policy, "labels")):
        found.append(kept)
        if not watch.labels.is_followed(key) and (labels := load_labels(_content(kept, "labels"), now())):
            watch.labels.resume(key, labels)
    if policy.spec.triggers.drift is not None and (kept := await _read(cluster, policy, "windows")):
        found.append(kept)
        if not watch.is_followed(key) and (drift := load_drift(_content(kept, "windows"), now())):
            watch.resume(key, drift)
    return tuple(found)


def kept_of(watch: DriftWatch, key: Key) -> dict[Subject, str]:
    """Return what is to be kept of a policy over a restart."""
    kept: dict[Subject, str | None] = {
        "labels": watch.labels.checkpoint(key),
        "windows": watch.checkpoint(key),
    }
    return {subject: content for subject, content in kept.items() if content is not None}


async def _read(cluster: Cluster, policy: RetrainPolicy, subject: Subject) -> Manifest | None:
    metadata = policy.metadata
    kept = await cluster.get(CONFIG_MAP, metadata.namespace, checkpoint_name(metadata, subject))
    return kept if kept is not None and is_controlled_by(kept, metadata.uid) else None


def _content(kept: Manifest, subject: Subject) -> str:
    return str((kept.get("binaryData") or {}).get(checkpoint_key(subject), ""))
