"""A client that keeps asking, and remembers every answer that was not the expected one."""

import itertools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from tests.e2e.models import Rows


class SteadyLoad:
    """Requests from a few threads, on kept and on new connections, until the block ends.

    `answers` counts successes by revision; `failures` holds each failure in words.
    """

    def __init__(self, url: str, model: str, requests: Sequence[Mapping[str, Any]], threads: int = 4) -> None:
        self._infer = f"{url}/v2/models/{model}/infer"
        self._requests = itertools.cycle(requests)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(index % 2 == 0,)) for index in range(threads)
        ]
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, keep_alive: bool) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
        with httpx.Client(limits=limits, timeout=30, trust_env=False) as client:
            while not self._stop.is_set():
                self._ask(client)
                self._stop.wait(0.005)

    def _ask(self, client: httpx.Client) -> None:
        try:
            answer = client.post(self._infer, json=self._next())
        except httpx.HTTPError as error:
            self._note(None, f"{type(error).__name__}: {error}")
            return
        revision = answer.headers.get("holdfast-revision", "")
        self._note(
            revision,
            None if answer.status_code == httpx.codes.OK else f"{answer.status_code}: {answer.text[:200]}",
        )

    def _next(self) -> Mapping[str, Any]:
        with self._lock:
            return next(self._requests)

    def _note(self, revision: str | None, failure: str | None) -> None:
        with self._lock:
            if failure is not None:
                self.failures.append(failure)
            elif revision is not None:
                self.answers[revision] += 1


def requests_of(rows: Rows, batch: int = 8) -> list[dict[str, Any]]:
    """Return Open Inference Protocol V2 requests that together send every row of input ``x`` once."""
    batches = (rows[start : start + batch] for start in range(0, len(rows), batch))
    return [{"inputs": [_tensor(each)]} for each in batches]


def _tensor(rows: Rows) -> dict[str, Any]:
    return {"name": "x", "datatype": "FP32", "shape": list(rows.shape), "data": rows.ravel().tolist()}
