"""Counters are followed over restarts and churn as by Prometheus's increase()."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process, Series

SINCE = datetime.fromtimestamp(1000, UTC)
ROWS: Series = ("rows",)
BIN: Series = ("bin", "feature", "age", "3")


def process(pod: str = "pod", started: float = 2000, profile: str = "p1") -> Process:
    return Process(pod, started, "credit-1", profile)


def test_growth_is_counted() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process(), {ROWS: 100, BIN: 7})
    assert deltas.update(process(), {ROWS: 150, BIN: 7}) == {ROWS: 50}


def test_all_rows_of_a_process_that_started_meanwhile_count() -> None:
    assert CounterDeltas(SINCE).update(process(started=1001), {ROWS: 100}) == {ROWS: 100}


def test_rows_from_before_the_operator_started_do_not_count() -> None:
    deltas = CounterDeltas(SINCE)
    assert deltas.update(process(started=999), {ROWS: 100}) == {}
    assert deltas.update(process(started=999), {ROWS: 120}) == {ROWS: 20}


def test_first_value_of_an_old_pod_that_answers_late_does_not_count() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process("other", started=999), {ROWS: 5})
    assert deltas.update(process("late", started=999), {ROWS: 1_000_000}) == {}


def test_restarted_process_counts_from_zero() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process(started=1500), {ROWS: 100})
    assert deltas.update(process(started=1600), {ROWS: 120}) == {ROWS: 120}


def test_counter_that_was_reset_counts_from_zero() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process(), {ROWS: 100})
    assert deltas.update(process(), {ROWS: 30}) == {ROWS: 30}


def test_series_that_appears_later_counts_in_full() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process(started=999), {ROWS: 100})
    assert deltas.update(process(started=999), {ROWS: 110, BIN: 10}) == {ROWS: 10, BIN: 10}


def test_profiles_of_one_pod_are_apart() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process(profile="p1"), {ROWS: 100})
    assert deltas.update(process(profile="p2"), {ROWS: 40}) == {ROWS: 40}


def test_pod_that_is_gone_is_forgotten() -> None:
    deltas = CounterDeltas(SINCE)
    deltas.update(process("gone", started=999), {ROWS: 100})
    deltas.keep_only({"other"})
    assert deltas.update(process("gone", started=999), {ROWS: 100}) == {}


@given(lives=st.lists(st.lists(st.integers(0, 1000), min_size=1), min_size=1, max_size=5))
def test_growth_over_restarts_adds_up_to_all_rows(lives: list[list[int]]) -> None:
    deltas, counted = CounterDeltas(SINCE), 0
    for index, blocks in enumerate(lives):
        value = 0
        for block in blocks:
            value += block
            counted += deltas.update(process(started=2000 + index), {ROWS: value}).get(ROWS, 0)
    assert counted == sum(map(sum, lives))
