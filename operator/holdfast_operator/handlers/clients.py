"""The clients by which others than the API server are asked."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from holdfast_operator.cluster.counter_source import CounterSource, PrometheusCounters
from holdfast_operator.cluster.pod_client import PodClient
from holdfast_operator.cluster.prometheus_source import PrometheusSource
from holdfast_operator.cluster.signal_client import SignalClient
from holdfast_operator.settings import OperatorSettings


@dataclass(frozen=True)
class Clients:
    """Open while the process runs."""

    pods: PodClient
    signals: SignalClient
    counters: CounterSource | None = None
    """Where the servers' counters are read; None: from their pods."""
    queries: PrometheusSource | None = None
    """Who is asked the queries of rollouts; None: nobody."""


@asynccontextmanager
async def open_clients(settings: OperatorSettings) -> AsyncIterator[Clients]:
    """Open what the settings ask for, and close it at the end of the block."""
    async with AsyncExitStack() as stack:
        pods = await stack.enter_async_context(PodClient())
        signals = await stack.enter_async_context(SignalClient())
        counters: CounterSource | None = None
        prometheus: PrometheusSource | None = None
        if settings.prometheus_url is not None:
            prometheus = PrometheusSource(settings.prometheus_url, settings.prometheus_token_file)
            counters = PrometheusCounters(await stack.enter_async_context(prometheus))
        yield Clients(pods, signals, counters, prometheus if settings.prometheus_queries else None)
