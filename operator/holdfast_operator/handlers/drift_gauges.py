"""Publishes the drift of every column as a gauge, for dashboards and alerts."""

from holdfast.drift import psi_debiased
from holdfast.drift_settings import Tier
from holdfast_operator.cluster.key import Key
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.metrics import DRIFT_ALARMS, DRIFT_PSI, DRIFT_ROWS


class DriftGauges:
    """Gauges of the policies that watch for drift; those of the others are taken away."""

    def __init__(self) -> None:
        self._shown: dict[Key, tuple[DriftWindow, list[tuple[str, str, str, str, str]]]] = {}

    def show(self, policy: Key, model: str, window: DriftWindow | None) -> None:
        """Publish the window, or take the policy's gauges away if there is none."""
        shown = self._shown.get(policy)
        if shown and shown[0] == window:
            return
        self.clear(policy)
        if window is None or window.problem:
            return
        names: list[tuple[str, str, str, str, str]] = []
        for column in window.columns:
            name = (policy.namespace, policy.name, model, column.kind, column.name)
            DRIFT_PSI.labels(*name).set(round(psi_debiased(column.counts, column.reference), 6))
            names.append(name)
        DRIFT_ROWS.labels(policy.namespace, policy.name, model).set(window.rows)
        for tier in Tier:
            standing = sum(alarm.tier is tier for alarm in window.alarms)
            DRIFT_ALARMS.labels(policy.namespace, policy.name, model, tier).set(standing)
        self._shown[policy] = (window, names)

    def clear(self, policy: Key) -> None:
        """Take the policy's gauges away."""
        if policy not in self._shown:
            return
        _, names = self._shown.pop(policy)
        for name in names:
            DRIFT_PSI.remove(*name)
        for rows in {name[:3] for name in names}:
            DRIFT_ROWS.remove(*rows)
            for tier in Tier:
                DRIFT_ALARMS.remove(*rows, tier)
