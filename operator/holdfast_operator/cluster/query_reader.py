"""Asks a Prometheus what rollouts are judged on; decisions never wait for it."""

import asyncio
import time
from typing import Final

from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.pod_client import ScrapeError
from holdfast_operator.cluster.prometheus_source import PrometheusSource
from holdfast_operator.cluster.query_watch import QueryWatch
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import QueryAnswer
from holdfast_operator.core.step_queries import NOT_ASKED
from holdfast_operator.metrics import QUERY_ERRORS

CONCURRENCY: Final = 8


class QueryReader:
    """Asks all queries of steps under judgement, a bounded number at once."""

    def __init__(self, prometheus: PrometheusSource | None, watch: QueryWatch) -> None:
        """PROMETHEUS: None asks nobody, and every query is said to be unanswered."""
        self._prometheus = prometheus
        self._watch = watch
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run(self, interval_seconds: float) -> None:
        """Ask until cancelled."""
        while True:
            started = time.monotonic()
            await self.ask_all()
            await asyncio.sleep(max(0.0, started + interval_seconds - time.monotonic()))

    async def ask_all(self) -> None:
        """Ask every query once; one without an answer has no number, whatever it had before."""
        await asyncio.gather(*(self._ask(*each) for each in self._watch.questions()))

    async def _ask(self, key: Key, step: WatchedStep, name: str, expression: str) -> None:
        async with self._slots:
            try:
                answer = await self._value_of(expression)
            except ScrapeError as error:
                QUERY_ERRORS.labels(error.reason).inc()
                answer = QueryAnswer(None, str(error))
            self._watch.record(key, step, name, answer)

    async def _value_of(self, expression: str) -> QueryAnswer:
        return NOT_ASKED if self._prometheus is None else await self._prometheus.value_of(expression)
