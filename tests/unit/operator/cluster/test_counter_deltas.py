"""Counters are followed over restarts and churn as by Prometheus's increase()."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from holdfast.count_table import Counts
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process

SINCE = 1000.0


def process(pod: str = "pod", started: float = 2000, profile: str = "p1") -> Process:
    return Process(pod, started, "credit-1", profile)


def counts(*values: int) -> Counts:
    return np.array(values, dtype=np.int64)


def grown(deltas: CounterDeltas, by: Process, *values: int) -> list[int]:
    found: list[int] = deltas.update(by, counts(*values)).tolist()
    return found


def test_growth_is_counted() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process(), 100, 7)
    assert grown(deltas, process(), 150, 7) == [50, 0]


def test_all_rows_of_a_process_that_started_meanwhile_count() -> None:
    assert grown(CounterDeltas(SINCE), process(started=1001), 100) == [100]


def test_rows_from_before_the_operator_started_do_not_count() -> None:
    deltas = CounterDeltas(SINCE)
    assert grown(deltas, process(started=999), 100) == [0]
    assert grown(deltas, process(started=999), 120) == [20]


def test_first_value_of_an_old_pod_that_answers_late_does_not_count() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process("other", started=999), 5)
    assert grown(deltas, process("late", started=999), 1_000_000) == [0]


def test_restarted_process_counts_from_zero() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process(started=1500), 100)
    assert grown(deltas, process(started=1600), 120) == [120]


def test_counter_that_was_reset_counts_from_zero() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process(), 100, 10)
    assert grown(deltas, process(), 30, 12) == [30, 2]


def test_profiles_of_one_pod_are_apart() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process(profile="p1"), 100)
    assert grown(deltas, process(profile="p2"), 40, 1) == [40, 1]


def test_pod_that_is_gone_is_forgotten() -> None:
    deltas = CounterDeltas(SINCE)
    grown(deltas, process("gone", started=999), 100)
    deltas.keep_only({"other"})
    assert grown(deltas, process("gone", started=999), 100) == [0]


@given(lives=st.lists(st.lists(st.integers(0, 1000), min_size=1), min_size=1, max_size=5))
def test_growth_over_restarts_adds_up_to_all_rows(lives: list[list[int]]) -> None:
    deltas, counted = CounterDeltas(SINCE), 0
    for index, blocks in enumerate(lives):
        for value in np.cumsum(blocks).tolist():
            counted += grown(deltas, process(started=2000 + index), value)[0]
    assert counted == sum(map(sum, lives))
