"""Timerless micro-batching: jobs that arrive in one turn of the event loop run as one.

Nobody waits for others: the batch runs as soon as the loop has read what was there to read. Under load there
is much to read in a turn, and the cost of a run is shared; with a single client every batch is one request.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from holdfast.failures import ModelError
from holdfast_serving.inference.batch_proof import BatchPlan
from holdfast_serving.inference.tensors import Tensor

Outcome = dict[str, Tensor] | Exception
Run = Callable[[dict[str, Tensor]], dict[str, Tensor]]
"""Runs the model on the event loop's thread, and counts the time."""


@dataclass(slots=True)
class Job:
    """Inputs of ``rows`` rows, and who takes the outputs by name or the ModelError; that must not raise."""

    inputs: dict[str, Tensor]
    rows: int
    finish: Callable[[Outcome], None]
    timer: asyncio.TimerHandle | None = None


def run_alone(run: Run, job: Job) -> None:
    """Run a job by itself."""
    try:
        outcome: Outcome = run(job.inputs)
    except (ModelError, MemoryError) as error:
        outcome = error
    job.finish(outcome)


class Batcher:
    """Gathers jobs and runs them with ``run``, in batches that ``plan`` allows."""

    def __init__(self, run: Run, plan: BatchPlan) -> None:
        self._run = run
        self._max_rows = plan.max_rows
        self._delay_seconds = plan.delay_seconds
        self._one_shape = plan.one_shape
        self._jobs: list[Job] = []
        self._rows = 0
        self._scheduled = False

    def takes(self, job: Job) -> bool:
        """Return whether a job may share a batch: not full by itself, and of one row count in every input."""
        rows = job.rows
        if not 0 < rows < self._max_rows:
            return False
        return len(job.inputs) == 1 or all(len(tensor) == rows for tensor in job.inputs.values())

    def add(self, job: Job) -> None:
        """Run a job with the others of this turn."""
        if self._jobs and not self._fits(job):
            self._run_batch()
        self._jobs.append(job)
        self._rows += job.rows
        if self._rows == self._max_rows:
            self._run_batch()
        elif not self._scheduled:
            self._schedule()

    def _fits(self, job: Job) -> bool:
        if self._rows + job.rows > self._max_rows:
            return False
        return self._one_shape or _alike(job, self._jobs[0])

    def _schedule(self) -> None:
        self._scheduled = True
        loop = asyncio.get_running_loop()
        if self._delay_seconds:
            loop.call_later(self._delay_seconds, self._on_turn)
        else:
            loop.call_soon(self._on_turn)

    def _on_turn(self) -> None:
        self._scheduled = False
        if self._jobs:
            self._run_batch()

    def _run_batch(self) -> None:
        """Run what was gathered; where one request would fail the others, each runs alone."""
        jobs, self._jobs, self._rows = self._jobs, [], 0
        if len(jobs) == 1:
            run_alone(self._run, jobs[0])
            return
        try:
            outputs = self._run(_joined(jobs))
        except (ModelError, MemoryError):
            for job in jobs:
                run_alone(self._run, job)
            return
        start = 0
        for job in jobs:
            stop = start + job.rows
            # Views: nothing is copied, and a batch lives as long as the longest of its answers.
            job.finish({name: tensor[start:stop] for name, tensor in outputs.items()})
            start = stop


def _alike(one: Job, other: Job) -> bool:
    """Return whether all but the first dimensions are equal; datatypes are, by the signature."""
    theirs = other.inputs
    return all(tensor.shape[1:] == theirs[name].shape[1:] for name, tensor in one.inputs.items())


def _joined(jobs: list[Job]) -> dict[str, Tensor]:
    return {name: np.concatenate([job.inputs[name] for job in jobs]) for name in jobs[0].inputs}
