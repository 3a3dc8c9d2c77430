"""The load generator and the operator's gauges, asked over HTTP."""

from collections.abc import Mapping
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

PSI = "holdfast_operator_drift_psi"
_TIMEOUT_SECONDS = 10.0


class Stream:
    """The load generator at a URL: what it has sent, and how fast it goes on."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def since(self, index: int) -> Mapping[str, Any]:
        """Return the answers from number ``index`` on; see ``bikeshare.progress.Progress.since``."""
        response = self._client.get("/progress", params={"since": index})
        found: Mapping[str, Any] = response.raise_for_status().json()
        return found

    def set_pace(self, rows_per_second: float) -> None:
        """Let it go on at another pace."""
        self._client.put("/pace", json={"rowsPerSecond": rows_per_second}).raise_for_status()


class Gauges:
    """The operator's /metrics at a URL."""

    def __init__(self, url: str, namespace: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._namespace = namespace

    def drift(self) -> dict[str, float]:
        """Return the PSI of each feature and output as the operator last measured it; nothing before that."""
        text = self._client.get("/metrics").raise_for_status().text
        return drift_of(text, self._namespace)


def drift_of(text: str, namespace: str) -> dict[str, float]:
    """Read the PSI gauges of a namespace from a Prometheus exposition."""
    return {
        sample.labels["name"]: sample.value
        for family in text_string_to_metric_families(text)
        if family.name == PSI
        for sample in family.samples
        if sample.labels["namespace"] == namespace
    }
