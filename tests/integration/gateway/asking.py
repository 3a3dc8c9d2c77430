"""Requests through the Gateway: who answers, and whether anybody fails to."""

import asyncio
import math
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tests.integration.operator.conftest import eventually

ROW: Final[dict[str, Any]] = {
    "inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 13], "data": [1.0] * 13}]
}
READY_SECONDS: Final = 30.0
SIGMAS: Final = 5.0
"""A share of independent requests is farther off than this once in two million times."""


class Client:
    """Asks one model through the Gateway; ``answers`` counts by revision, ``failures`` by what was said."""

    def __init__(self, url: str, model: str, host: str | None = None) -> None:
        headers = {"host": host} if host else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)
        self._path = f"/v2/models/{model}/infer"
        self.answers: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def ask(self, count: int = 1) -> None:
        """Send COUNT inferences, one after the other."""
        for _ in range(count):
            self._ask()

    async def until_answered(self) -> None:
        """Ask until the first answer, and count from then: a Gateway takes a moment to tell its proxies."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers:
            await asyncio.to_thread(self.ask)
            assert time.monotonic() < deadline, self.failures
        self.answers.clear()
        self.failures.clear()

    async def until_answered_again(self, times: int) -> None:
        """Wait while another thread asks, until so many more answers have come."""
        wanted = self.answers.total() + times
        await eventually(lambda: self.answers.total() >= wanted, "requests are answered")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _ask(self) -> None:
        try:
            answer = self._http.post(self._path, json=ROW)
        except httpx.HTTPError as error:
            self.failures[f"{type(error).__name__}: {error}"] += 1
            return
        if answer.status_code == httpx.codes.OK:
            self.answers[answer.headers["holdfast-revision"]] += 1
        else:
            self.failures[f"{answer.status_code}: {answer.text[:100]}"] += 1


class SteadyRequests:
    """A client that keeps asking in a thread of its own until the block ends."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.client.ask()


def is_share(seen: int, of: int, percent: int) -> bool:
    """Whether SEEN of OF independent requests may well be PERCENT (binomial, within five sigmas)."""
    share = percent / 100
    sigma = math.sqrt(of * share * (1 - share))
    return abs(seen - of * share) <= SIGMAS * sigma
