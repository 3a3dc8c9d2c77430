"""Writes alerts into the status of the policies that wait for them: whoever is answered can rely on it."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import AlertStatus
from holdfast_operator.cluster.api import Cluster, ConflictError, object_name
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.core.alerts import Alert, AlertOutcome, is_meant, take_alert
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.metrics import ALERTS, WRITES

logger = logging.getLogger(__name__)

ATTEMPTS: Final = 5
"""Writes of one status, which others may change at the same time."""
_NAMESPACE: Final = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class AlertRecorder:
    """Records alerts; safe to run in many processes at once, because each write is of what was read."""

    def __init__(
        self,
        cluster: Cluster,
        watched: Collection[str],
        on_recorded: Callable[[Key], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """WATCHED: namespaces that are served; empty: all. ON_RECORDED is told of each policy written to."""
        self._cluster = cluster
        self._watched = watched
        self._on_recorded = on_recorded
        self._now = now

    async def record(self, alerts: Iterable[Alert]) -> Counter[AlertOutcome]:
        """Return what became of the alerts, once all of it is written.

        Raises:
            ApiError: something could not be read or written; all of it can be repeated.
        """
        by_namespace: dict[str, list[Alert]] = {}
        for alert in alerts:
            by_namespace.setdefault(alert.labels.get("namespace", ""), []).append(alert)
        outcomes: Counter[AlertOutcome] = Counter()
        for namespace, meant in by_namespace.items():
            outcomes += await self._record_in(namespace, meant)
        for outcome, count in outcomes.items():
            ALERTS.labels(outcome).inc(count)
        return outcomes

    async def _record_in(self, namespace: str, alerts: Sequence[Alert]) -> Counter[AlertOutcome]:
        outcomes: Counter[AlertOutcome] = Counter()
        matched: set[int] = set()
        for live in await self._policies(namespace):
            policy = _parse(live)
            meant = [alert for alert in alerts if policy is not None and is_meant(policy, alert)]
            matched |= {id(alert) for alert in meant}
            outcomes += await self._write(live, meant) if meant else Counter()
        outcomes[AlertOutcome.UNMATCHED] += len(alerts) - len(matched)
        return +outcomes

    async def _policies(self, namespace: str) -> Sequence[Manifest]:
        is_watched = not self._watched or namespace in self._watched
        if not is_watched or _NAMESPACE.fullmatch(namespace) is None:
            return ()
        return await self._cluster.list(RETRAIN_POLICY, namespace)

    async def _write(self, live: Manifest, alerts: Sequence[Alert]) -> Counter[AlertOutcome]:
        name = live["metadata"]["namespace"], live["metadata"]["name"]
        current: Manifest | None = live
        for attempt in range(1, ATTEMPTS + 1):
            policy = _parse(current) if current is not None else None
            if current is None or policy is None:
                break  # It is gone, and with it whoever waited.
            known = policy.status.alert or AlertStatus()
            status, outcomes = _take_all(known, alerts, self._now())
            if status == known:
                return outcomes
            try:
                await self._apply(current, status)
            except ConflictError:
                if attempt == ATTEMPTS:
                    raise
                current = await self._cluster.get(RETRAIN_POLICY, *name)
            else:
                self._on_recorded(Key(RETRAIN_POLICY, *name))
                return outcomes
        return Counter({AlertOutcome.UNMATCHED: len(alerts)})

    async def _apply(self, live: Manifest, alert: AlertStatus) -> None:
        written = alert.model_dump(mode="json", by_alias=True, exclude_none=True)
        WRITES.labels("status", RETRAIN_POLICY.kind).inc()
        await self._cluster.apply_status(live, {**(live.get("status") or {}), "alert": written})


def _take_all(
    status: AlertStatus, alerts: Iterable[Alert], now: datetime
) -> tuple[AlertStatus, Counter[AlertOutcome]]:
    outcomes: Counter[AlertOutcome] = Counter()
    for alert in alerts:
        status, outcome = take_alert(status, alert, now)
        outcomes[outcome] += 1
    return status, outcomes


def _parse(live: Manifest) -> RetrainPolicy | None:
    try:
        return RetrainPolicy.model_validate(live)
    except ValidationError as error:
        logger.warning("%s is not valid and takes no alerts: %s", "/".join(object_name(live)), error)
        return None
