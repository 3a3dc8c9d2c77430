"""Tells whether watches still deliver: changes an object of ours and waits for the change to come back.

A watch can go silent while its connection stays open; then nothing else would notice.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from holdfast import labels
from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.kinds import SERVICE_ACCOUNT, ResourceKind
from holdfast_operator.cluster.lease import LeaderLease
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.metrics import WATCH_PROBE_SECONDS

logger = logging.getLogger(__name__)

# A kind that is watched anyway, that the operator may write anyway, and that nothing reacts to.
PROBE_KIND: Final = SERVICE_ACCOUNT
PROBE_NAME: Final = "holdfast-watch-probe"
ANNOTATION: Final = "holdfast.dev/watch-probe"


@dataclass(frozen=True)
class ProbeTimes:
    """How often to change the object, and how long the change may take to come back."""

    period_seconds: float = 20
    deadline_seconds: float = 60


class WatchProbe:
    """A ServiceAccount without rights or users, whose annotation counts up.

    Where the Lease is in the same namespace it owns the object, so that both go together.
    """

    def __init__(self, cluster: Cluster, namespace: str, lease: LeaderLease, times: ProbeTimes) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._lease = lease
        self._times = times
        self._sent: tuple[str, float] | None = None
        """What was written and has not come back, and the loop's time of that."""
        self._count = 0

    async def run(self) -> None:
        """Change the object at intervals, until cancelled."""
        while True:
            if self._sent is None:
                await self._send()
            await asyncio.sleep(self._times.period_seconds)

    def on_event(self, kind: ResourceKind, child: Manifest) -> None:
        """Take notice of a watch event."""
        metadata = child["metadata"]
        if kind is not PROBE_KIND or metadata.get("name") != PROBE_NAME or self._sent is None:
            return
        value, time = self._sent
        if (metadata.get("annotations") or {}).get(ANNOTATION) == value:
            WATCH_PROBE_SECONDS.set(asyncio.get_running_loop().time() - time)
            self._sent = None

    def is_deaf(self) -> bool:
        """Whether a change did not come back within the deadline."""
        if self._sent is None:
            return False
        return asyncio.get_running_loop().time() - self._sent[1] > self._times.deadline_seconds

    async def _send(self) -> None:
        self._count += 1
        value = f"{self._lease.identity}-{self._count}"
        # Before the request, since the event can be faster than the answer.
        self._sent = (value, asyncio.get_running_loop().time())
        try:
            lease = await self._lease.read()
            if lease is not None:
                await self._cluster.apply(self._render(value, lease))
                return
            logger.warning("the Lease is gone, and with it the watch probe")
        except ApiError as error:
            # Whether the API server answers is not what is being asked here.
            logger.warning("cannot change the watch probe: %s", error)
        self._sent = None

    def _render(self, value: str, lease: Manifest) -> Manifest:
        metadata: dict[str, Any] = {
            "name": PROBE_NAME,
            "namespace": self._namespace,
            "labels": {labels.MANAGED_BY: "holdfast", "app.kubernetes.io/name": PROBE_NAME},
            "annotations": {ANNOTATION: value},
        }
        if lease["metadata"]["namespace"] == self._namespace:
            metadata["ownerReferences"] = [_owner(lease)]
        return {
            "apiVersion": PROBE_KIND.api_version,
            "kind": PROBE_KIND.kind,
            "metadata": metadata,
            "automountServiceAccountToken": False,
        }


def _owner(lease: Manifest) -> Manifest:
    return {
        "apiVersion": lease["apiVersion"],
        "kind": lease["kind"],
        "name": lease["metadata"]["name"],
        "uid": lease["metadata"]["uid"],
    }
