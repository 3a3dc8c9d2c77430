"""Counters of servers out of a Prometheus that scrapes them already, instead of from the pods."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from prometheus_client.samples import Sample

from holdfast.metrics import MODEL_INFO
from holdfast_operator.cluster.exposition import (
    PROCESS_START,
    MalformedMetricsError,
    ServerCounters,
    collect_counters,
)
from holdfast_operator.cluster.pod_client import CONNECT_SECONDS, ScrapeError, ScrapeFailure, read_bounded
from holdfast_operator.cluster.prometheus_answer import read_answer, read_value, target_of
from holdfast_operator.core.step_evidence import QueryAnswer

TOTAL_SECONDS: Final = 10.0
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of an answer; a hundred pods of 30 features are about 10 MB."""
MAX_VALUE_BYTES: Final = 64 * 1024
"""Of an answer that is to be one number."""
_ANSWERED: Final = (200, 400, 422)
"""Statuses with an answer in the body; the last two say what is wrong with the query."""


class PrometheusSource:
    """Asks a Prometheus; to be used as an asynchronous context manager."""

    def __init__(self, url: str, token_file: Path | None = None) -> None:
        """Ask the API below URL, with the bearer token in TOKEN_FILE, which may change at any time."""
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._token_file = token_file
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "holdfast-operator"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, namespace: str, model: str, names: Sequence[str]) -> dict[str, ServerCounters]:
        """Return the counters of a model's servers by pod, as Prometheus scraped them last.

        Args:
            namespace: of the pods; Prometheus must label samples with namespace and pod, as the chart's
                PodMonitor has it do.
            model: name of the ModelDeployment.
            names: of the metrics that are wanted, beside when each process started.

        Raises:
            ScrapeError: anything but a complete, small enough answer in time.
        """
        body = await self._ask(query(namespace, model, names))
        try:
            return await asyncio.to_thread(_by_pod, body, model)
        except MalformedMetricsError as error:
            raise ScrapeError(ScrapeFailure.MALFORMED, str(error)) from error

    async def value_of(self, expression: str) -> QueryAnswer:
        """Return the number that a PromQL expression is now, or why it is not one.

        Raises:
            ScrapeError: anything but a complete, small enough answer in time.
        """
        body = await self._ask(expression, MAX_VALUE_BYTES)
        try:
            return read_value(body)
        except MalformedMetricsError as error:
            raise ScrapeError(ScrapeFailure.MALFORMED, str(error)) from error

    async def _ask(self, expression: str, max_bytes: int = MAX_BYTES) -> bytes:
        if self._session is None:
            raise RuntimeError("use the source as a context manager")
        form = {"query": expression, "timeout": f"{TOTAL_SECONDS:g}s"}
        try:
            async with self._session.post(
                self._url, data=form, headers=self._headers(), allow_redirects=False
            ) as response:
                if response.status not in _ANSWERED:
                    message = f"Prometheus answered {response.status}"
                    raise ScrapeError(ScrapeFailure.BAD_STATUS, message, response.status)
                return await read_bounded(response, max_bytes)
        except TimeoutError as error:
            raise ScrapeError(ScrapeFailure.TIMEOUT, "Prometheus did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            message = f"Prometheus: {type(error).__name__}: {error}"
            raise ScrapeError(ScrapeFailure.UNREACHABLE, message) from error

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        return {"Authorization": f"Bearer {self._token_file.read_text().strip()}"}


def query(namespace: str, model: str, names: Sequence[str]) -> str:
    """Return the PromQL for the counters of a model's servers and for when their processes started."""
    place = f'namespace="{namespace}"'
    wanted = "|".join(name for name in names if name != PROCESS_START)
    counters = f'{{__name__=~"({wanted})(_bucket)?",{place},model="{model}"}}'
    servers = f'{MODEL_INFO.name}{{{place},model="{model}"}}'
    return f"{counters} or ({PROCESS_START}{{{place}}} and on (namespace, pod) {servers})"


def _by_pod(body: bytes, model: str) -> dict[str, ServerCounters]:
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in read_answer(body):
        found[target_of(sample)].append(sample)
    return {pod: collect_counters(samples, model) for pod, samples in found.items()}
