"""Leader election by a Lease, as client-go's: what counts is when we saw the record change, not its times.

``kubernetes.aio.leaderelection`` is not used: it bounds no request in time, so a hanging one outlives the
deadline, and it writes local times as UTC.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from holdfast_operator.cluster.api import (
    AlreadyExistsError,
    ApiError,
    Cluster,
    ConflictError,
    NotFoundError,
)
from holdfast_operator.cluster.event_recorder import micro_time
from holdfast_operator.cluster.kinds import LEASE
from holdfast_operator.manifests.metadata import Manifest

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """The Lease could not be renewed in time, or another process holds it: stop at once."""


@dataclass(frozen=True)
class LeaseTimes:
    """How long a Lease holds, how long to try to renew it, and how often."""

    duration_seconds: float = 15
    renew_deadline_seconds: float = 10
    retry_seconds: float = 2


class LeaderLease:
    """One candidate's view of the Lease."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        identity: str,
        times: LeaseTimes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        self.identity = identity
        self._times = times
        self._now = now
        self._seen: tuple[Any, float] = (None, 0.0)
        """The record as last seen, and the loop's time when it was first seen so."""

    async def read(self) -> Manifest | None:
        """Return the Lease as it is now. Raises ApiError."""
        return await self._cluster.get(LEASE, self._namespace, self._name)

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        while True:
            try:
                async with asyncio.timeout(self._times.renew_deadline_seconds):
                    if await self._try(may_create=True):
                        return
            except (ApiError, TimeoutError) as error:
                logger.warning("cannot read or write the Lease %s/%s: %s", self._namespace, self._name, error)
            await asyncio.sleep(self._times.retry_seconds)

    async def keep(self) -> None:
        """Renew the Lease for ever.

        Raises:
            LeaseLostError: another process holds it, or no renewal succeeded within the deadline,
                for instance because the Lease was deleted.
        """
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            await asyncio.sleep(self._times.retry_seconds)
            left = renewed + self._times.renew_deadline_seconds - loop.time()
            started = loop.time()
            try:
                async with asyncio.timeout(max(left, 0.001)):
                    held = await self._try(may_create=False)
            except (ApiError, TimeoutError) as error:
                logger.warning("cannot renew the Lease %s/%s: %s", self._namespace, self._name, error)
                if loop.time() - renewed >= self._times.renew_deadline_seconds:
                    raise LeaseLostError("the Lease could not be renewed in time") from error
                continue
            if not held:
                raise LeaseLostError("another process holds the Lease")
            renewed = started

    async def release(self) -> None:
        """Let another candidate take over at once. Raises ApiError."""
        lease = await self.read()
        if lease is None or (lease.get("spec") or {}).get("holderIdentity") != self.identity:
            return
        spec = {**lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        await self._cluster.replace({**lease, "spec": spec})

    async def _try(self, *, may_create: bool) -> bool:
        """Take or renew the Lease if we may; whether it is ours."""
        lease = await self.read()
        try:
            if lease is None and not may_create:
                # Made again, it would outlive an operator that is being uninstalled.
                raise NotFoundError(404, "NotFound", "somebody has deleted it")
            if lease is None:
                await self._cluster.create(self._render(self._spec({})))
                return True
            spec = lease.get("spec") or {}
            if not self._may_take(spec):
                return False
            await self._cluster.replace({**lease, "spec": self._spec(spec)})
        except (AlreadyExistsError, ConflictError):
            # Someone else wrote in between; what they wrote decides at the next attempt.
            return await self._is_ours()
        return True

    async def _is_ours(self) -> bool:
        lease = await self.read()
        return lease is not None and (lease.get("spec") or {}).get("holderIdentity") == self.identity

    def _may_take(self, spec: Manifest) -> bool:
        record = (spec.get("holderIdentity"), spec.get("renewTime"), spec.get("leaseTransitions"))
        time = asyncio.get_running_loop().time()
        if self._seen[0] != record:
            self._seen = (record, time)
        holder = spec.get("holderIdentity")
        if not holder or holder == self.identity:
            return True
        return time - self._seen[1] >= float(spec.get("leaseDurationSeconds") or 0)

    def _spec(self, old: Manifest) -> dict[str, Any]:
        moment = micro_time(self._now())
        is_ours = old.get("holderIdentity") == self.identity
        transitions = int(old.get("leaseTransitions") or 0)
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, round(self._times.duration_seconds)),
            "acquireTime": old.get("acquireTime", moment) if is_ours else moment,
            "renewTime": moment,
            "leaseTransitions": transitions if is_ours or not old else transitions + 1,
        }

    def _render(self, spec: Manifest) -> Manifest:
        metadata = {"namespace": self._namespace, "name": self._name}
        return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata, "spec": spec}
