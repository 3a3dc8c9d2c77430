"""Where jobs run: quick ones on the event loop, alone or in batches, others in a pool of threads."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from holdfast_serving.inference.batch_proof import BatchPlan
from holdfast_serving.inference.batching import Batcher, Job, run_alone
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.tensors import Tensor

Timed = Future[tuple[dict[str, Tensor], float]]


class DeadlineError(Exception):
    """A job was not done in time."""


class Execution:
    """Runs jobs with ``runtime``: in batches by ``plan``, or in threads and then within ``seconds``.

    ``count`` is told the seconds of every run, on the event loop's thread.
    """

    def __init__(
        self, runtime: Runtime, plan: BatchPlan, seconds: float, count: Callable[[float], None]
    ) -> None:
        self._runtime = runtime
        self._plan = plan
        self._count = count
        self._batcher = Batcher(self._run, plan) if plan.max_rows > 1 else None
        self._pool = Pool(runtime, seconds, count)

    def submit(self, job: Job) -> None:
        """Run a job now, at the end of this turn of the loop, or when a thread is free."""
        if job.rows > self._runtime.inline_rows:
            self._pool.submit(job)
        elif self._batcher is not None and self._batcher.takes(job):
            self._batcher.add(job)
        else:
            run_alone(self._run, job)

    def describe(self) -> dict[str, Any]:
        """Return how jobs run, as the model's metadata shows it."""
        return {
            "event_loop_max_rows": self._runtime.inline_rows,
            "threads": self._runtime.threads,
            "batch_max_rows": self._plan.max_rows,
            "batching": self._plan.reason,
        }

    def _run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs, seconds = self._runtime.run_timed(inputs)
        self._count(seconds)
        return outputs


class Pool:
    """Threads, and a queue that jobs leave when they are too late: what nobody waits for is not begun."""

    def __init__(self, runtime: Runtime, seconds: float, count: Callable[[float], None]) -> None:
        self._runtime = runtime
        self._seconds = seconds
        self._count = count
        self._executor = ThreadPoolExecutor(runtime.threads, thread_name_prefix="inference")
        self._free = runtime.threads
        self._waiting: deque[Job] = deque()

    def submit(self, job: Job) -> None:
        """Begin a job when a thread is free."""
        job.timer = asyncio.get_running_loop().call_later(self._seconds, self._expire, job)
        self._waiting.append(job)
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        while self._free and self._waiting:
            job = self._waiting.popleft()
            if job.timer is not None:
                self._free -= 1
                self._begin(job)

    def _begin(self, job: Job) -> None:
        loop = asyncio.get_running_loop()

        def on_done(future: Timed) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process ends, nobody waits
                loop.call_soon_threadsafe(self._end, job, future)

        self._executor.submit(self._runtime.run_timed, job.inputs).add_done_callback(on_done)

    def _end(self, job: Job, future: Timed) -> None:
        self._free += 1
        self._begin_waiting()
        if job.timer is None:
            return
        job.timer.cancel()
        error = future.exception()
        if isinstance(error, Exception):
            job.finish(error)
        else:
            outputs, seconds = future.result()
            self._count(seconds)
            job.finish(outputs)

    def _expire(self, job: Job) -> None:
        job.timer = None
        job.finish(DeadlineError())
