"""Writes events.k8s.io/v1 Events; the same event within ten minutes becomes a series, not another object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from holdfast_operator.cluster.api import Cluster
from holdfast_operator.cluster.kinds import EVENT
from holdfast_operator.core.decision import Event
from holdfast_operator.manifests.metadata import Manifest, short

REPORTING_CONTROLLER: Final = "holdfast.dev/operator"
SERIES: Final = timedelta(minutes=10)
MAX_NOTE: Final = 1024


@dataclass
class _Series:
    first: datetime
    count: int = 1


class EventRecorder:
    """Says once what happened to an object."""

    def __init__(
        self, cluster: Cluster, instance: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._cluster = cluster
        self._instance = instance[:128]
        self._now = now
        self._series: dict[tuple[str, Event], _Series] = {}

    async def record(self, regarding: Manifest, event: Event) -> None:
        """Write the event, or raise the count of the one that says the same. Raises ApiError."""
        now = self._now()
        self._forget_before(now - SERIES)
        key = (regarding["metadata"]["uid"], event)
        known = self._series.get(key)
        series = _Series(now) if known is None else _Series(known.first, known.count + 1)
        # Before the request: if only its answer is lost, the next one is the same object's series.
        self._series[key] = series
        await self._cluster.apply(self._render(regarding, event, series, now))

    def _forget_before(self, oldest: datetime) -> None:
        self._series = {key: series for key, series in self._series.items() if series.first >= oldest}

    def _render(self, regarding: Manifest, event: Event, series: _Series, now: datetime) -> Manifest:
        metadata = regarding["metadata"]
        suffix = short([metadata["uid"], event.type, event.reason, event.message, micro_time(series.first)])
        manifest: dict[str, Any] = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {
                "name": f"{metadata['name'][:240]}.{suffix}",
                "namespace": metadata["namespace"],
            },
            "eventTime": micro_time(series.first),
            "reportingController": REPORTING_CONTROLLER,
            "reportingInstance": self._instance,
            "action": "Reconcile",
            "type": event.type,
            "reason": event.reason,
            "note": event.message[:MAX_NOTE],
            "regarding": _reference(regarding),
        }
        if series.count > 1:
            manifest["series"] = {"count": series.count, "lastObservedTime": micro_time(now)}
        return manifest


def micro_time(moment: datetime) -> str:
    """Return the moment as metav1.MicroTime, which must have exactly six decimals."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _reference(regarding: Manifest) -> dict[str, str]:
    """Return the object without its resourceVersion: `regarding` is immutable, a series is longer."""
    metadata = regarding["metadata"]
    return {
        "apiVersion": regarding["apiVersion"],
        "kind": regarding["kind"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
