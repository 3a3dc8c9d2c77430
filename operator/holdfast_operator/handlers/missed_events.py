"""Tells whether a listing shows what a watch should have delivered: each kind proves that it is heard."""

import asyncio

from holdfast_operator.cluster.key import Key
from holdfast_operator.manifests.metadata import Manifest


class MissedEvents:
    """Objects that were listed in a version that no watch event has brought."""

    def __init__(self, deadline_seconds: float) -> None:
        """Events may come up to DEADLINE_SECONDS after the listing."""
        self._deadline = deadline_seconds
        self._seen: dict[Key, int] = {}
        self._missing: dict[Key, tuple[int, float]] = {}

    def on_event(self, key: Key, resource: Manifest) -> None:
        """Take notice of a watch event."""
        version = _version(resource)
        self._seen[key] = version
        if key in self._missing and version >= self._missing[key][0]:
            del self._missing[key]

    def on_listed(self, key: Key, resource: Manifest) -> None:
        """Take notice of a listed object."""
        version = _version(resource)
        if version > self._seen.get(key, 0):
            self._missing.setdefault(key, (version, asyncio.get_running_loop().time()))

    def forget(self, key: Key) -> None:
        """Expect no more of an object that is gone."""
        self._seen.pop(key, None)
        self._missing.pop(key, None)

    def are_overdue(self) -> bool:
        """Whether an event has not come within the deadline."""
        oldest = asyncio.get_running_loop().time() - self._deadline
        return any(since < oldest for _, since in self._missing.values())


def _version(resource: Manifest) -> int:
    """Return the resourceVersion, which is a growing number (KEP-5504)."""
    version = str(resource["metadata"].get("resourceVersion", ""))
    return int(version) if version.isdigit() else 0
