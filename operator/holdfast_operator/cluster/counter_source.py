"""Where the counters of servers are read: from the pods, or from a Prometheus that has scraped them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast_operator.cluster.exposition import MalformedMetricsError, ServerCounters, parse_counters
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError, ScrapeFailure
from holdfast_operator.cluster.prometheus_source import PrometheusSource


@dataclass(frozen=True)
class ServerPod:
    """A pod that can be asked."""

    namespace: str
    model: str
    revision: str
    name: str
    uid: str
    address: str


Wanted = Mapping[tuple[str, str], Sequence[str]]
"""Names of metrics by namespace and name of the ModelDeployment."""


class CounterSource(Protocol):
    """Reads what the servers of pods have counted, one round after the other."""

    async def begin_round(self, wanted: Wanted) -> None:
        """Get ready to read these metrics of pods of these models."""

    async def read(self, pod: ServerPod) -> ServerCounters:
        """Return what the server of a pod has counted.

        Raises:
            ScrapeError: it is not to be had.
        """


class PodCounters:
    """Asks each pod."""

    def __init__(self, pods: PodClient) -> None:
        self._pods = pods
        self._wanted: Wanted = {}

    async def begin_round(self, wanted: Wanted) -> None:
        """Remember what to ask for: each pod is asked when it is read."""
        self._wanted = wanted

    async def read(self, pod: ServerPod) -> ServerCounters:
        """Return what the pod answers to ``/metrics?name[]=…``.

        Raises:
            ScrapeError: it does not answer as a server of ours does.
        """
        names = [("name[]", name) for name in self._wanted[pod.namespace, pod.model]]
        body = await self._pods.read(pod.address, "/metrics", names)
        try:
            return await asyncio.to_thread(parse_counters, body.decode(), pod.model)
        except (MalformedMetricsError, UnicodeDecodeError) as error:
            raise ScrapeError(ScrapeFailure.MALFORMED, str(error)) from error


class PrometheusCounters:
    """Asks a Prometheus about all pods of a model at once, at the beginning of every round."""

    def __init__(self, prometheus: PrometheusSource) -> None:
        self._prometheus = prometheus
        self._found: dict[tuple[str, str], dict[str, ServerCounters] | ScrapeError] = {}

    async def begin_round(self, wanted: Wanted) -> None:
        """Ask about every model; what cannot be had is said when one of its pods is read."""
        found = await asyncio.gather(*(self._ask(*model, names) for model, names in wanted.items()))
        self._found = dict(zip(wanted, found, strict=True))

    async def read(self, pod: ServerPod) -> ServerCounters:
        """Return what Prometheus knew of the pod when the round began.

        Raises:
            ScrapeError: Prometheus did not answer, or does not scrape the pod.
        """
        found = self._found.get((pod.namespace, pod.model), {})
        if isinstance(found, ScrapeError):
            raise found
        if pod.name not in found:
            message = f"Prometheus has no sample of pod {pod.name} with the labels namespace and pod"
            raise ScrapeError(ScrapeFailure.NOT_SCRAPED, message)
        return found[pod.name]

    async def _ask(
        self, namespace: str, model: str, names: Sequence[str]
    ) -> dict[str, ServerCounters] | ScrapeError:
        try:
            return await self._prometheus.read(namespace, model, names)
        except ScrapeError as error:
            return error
