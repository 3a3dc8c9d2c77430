"""A worker that counts in shared memory: ``python -m … DESCRIPTOR SLOT endless|interrupted``."""

import os
import sys
from itertools import count
from types import TracebackType

import numpy as np

from holdfast.metrics import Metric
from holdfast_serving.telemetry.instruments import CounterGroup
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore

ROWS = Metric("rows_total", "counter", (), "Rows.")
BINS = Metric("bins_total", "counter", ("bin",), "Rows by bin.")
SIZE = 3


def bins(store: MetricStore) -> CounterGroup:
    """Declare rows and the bins that they fall into."""
    return store.counter_group([(ROWS, [{}]), (BINS, [{"bin": str(index)} for index in range(SIZE)])])


class Death:
    """In the place of a group's barrier: the process ends between a copy written and the copy counted."""

    def __enter__(self) -> None:
        os._exit(9)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise AssertionError("the process should have ended")


def main(descriptor: str, slot: str, how: str) -> None:
    """Add a row for ever, or die in the middle of adding one."""
    group = bins(MetricStore(MetricMemory.open(int(descriptor), int(slot))))
    if how == "interrupted":
        group._barrier = Death()  # type: ignore[assignment]  # stands for the moment of death
    for row in count():
        group.add([1], np.eye(SIZE, dtype=np.int64)[row % SIZE])


if __name__ == "__main__":
    main(*sys.argv[1:])
