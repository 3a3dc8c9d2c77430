"""The parts of the drift benchmark that simulate, count and judge."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.binning import profile_of
from holdfast.drift_settings import Tier
from holdfast.row_counter import RowCounter
from tests.benchmarks.drift.__main__ import options_of, planned
from tests.benchmarks.drift.cost_suite import Cost
from tests.benchmarks.drift.delay_suite import ANY, Delay, change_minute_of, median_rows
from tests.benchmarks.drift.digits import GRID, Digits, Shift
from tests.benchmarks.drift.minute_counts import MinuteCounts
from tests.benchmarks.drift.null_suite import OURS, NullMonth, PeerNull
from tests.benchmarks.drift.our_engine import DEFAULT, Minute, is_drift, new_detector, watch
from tests.benchmarks.drift.peer_programs import PEERS, Job
from tests.benchmarks.drift.results import Results
from tests.benchmarks.drift.rules import (
    MONTH_DAYS,
    Rate,
    information_bound,
    psi,
    retrains,
    true_psi,
    worst_psi,
)
from tests.benchmarks.drift.tables import report
from tests.benchmarks.drift.targets import Target, judged
from tests.benchmarks.drift.traffic import (
    CHANGES,
    CORRELATED,
    CORRELATION_LOST,
    DAY,
    NULLS,
    Change,
    Stream,
    Traffic,
)
from tests.benchmarks.drift.window_suite import Windows, correlation_experiment

SPARSE = Traffic("sparse", rows_per_minute=6)


@pytest.mark.parametrize("traffic", NULLS, ids=lambda traffic: traffic.title)
def test_unchanged_rows_have_mean_0_and_variance_1(traffic: Traffic) -> None:
    days = np.concatenate([Stream(traffic, 1).day(number) for number in range(3)])
    assert abs(float(days.mean())) < 0.02
    assert float(days.var()) == pytest.approx(1, abs=0.05)


def test_the_same_seed_gives_the_same_rows_and_another_does_not() -> None:
    np.testing.assert_array_equal(Stream(SPARSE, 1).day(2), Stream(SPARSE, 1).day(2))
    assert not np.array_equal(Stream(SPARSE, 1).day(2), Stream(SPARSE, 2).day(2))
    assert not np.array_equal(Stream(SPARSE, 1).day(2), Stream(SPARSE, 1).day(3))


def test_a_change_touches_its_features_from_its_minute_on() -> None:
    calm = Stream(SPARSE, 1).day(1)
    moved = Stream(SPARSE, 1, Change("", mean=1.0, scale=2.0, features=2), DAY + 100).day(1)
    np.testing.assert_array_equal(moved[:600], calm[:600])
    np.testing.assert_allclose(moved[600:, :2], 2 * calm[600:, :2] + 1, rtol=1e-5)
    np.testing.assert_array_equal(moved[600:, 2:], calm[600:, 2:])


def test_a_lost_correlation_leaves_every_feature_as_it_was() -> None:
    before, after = Stream(CORRELATED, 1).day(0), Stream(CORRELATED, 1, CORRELATION_LOST).day(0)
    assert (before[:, 0] * before[:, 1]).mean() == pytest.approx(0.3, abs=0.02)
    assert (after[:, 0] * after[:, 1]).mean() == pytest.approx(0, abs=0.02)
    np.testing.assert_allclose(after.std(axis=0), 1, atol=0.02)


def test_rows_of_a_user_resemble_each_other() -> None:
    rows = Stream(Traffic("", user_share=0.4), 1).day(0)
    assert (rows[0::10] * rows[1::10]).mean() == pytest.approx(0.4, abs=0.05)


def test_minutes_are_counted_as_servers_count_rows() -> None:
    stream = Stream(SPARSE, 1)
    counts = MinuteCounts(profile_of({"x": stream.reference()}, {}))
    rows = stream.day(0)[:60]
    by_row_counter = RowCounter(counts.profile)
    for minute, vector in enumerate(counts.count(rows, 10)):
        some = rows[6 * minute : 6 * minute + 6]
        counted = chain.from_iterable(by_row_counter.count({"x": some}, {}))
        np.testing.assert_array_equal(vector, counts.table.vector_of_rows(6, counted))


def test_psi_is_that_of_the_formula_and_empty_bins_count_as_a_ten_thousandth() -> None:
    assert psi(np.array([30, 70]), np.array([50.0, 50.0])) == pytest.approx(
        -0.2 * np.log(0.6) + 0.2 * np.log(1.4)
    )
    assert np.isfinite(psi(np.array([0, 10]), np.array([5.0, 5.0])))


@given(st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_the_psi_of_trailing_windows_is_that_of_their_rows(minutes: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 5, (60, 2, 3))
    reference = np.full((2, 3), 100.0)
    worst = worst_psi(counts, reference, minutes)
    assert np.isnan(worst[: minutes - 1]).all()
    for end in range(minutes, 61, 7):
        window = counts[end - minutes : end].sum(axis=0)
        assert worst[end - 1] == pytest.approx(psi(window, reference).max())


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [([], 0), ([5], 1), ([5, 6, DAY + 4], 1), ([5, DAY + 5], 2), (range(MONTH_DAYS * DAY), MONTH_DAYS)],
)
def test_a_retrain_starts_at_most_once_a_day(minutes: list[int], expected: int) -> None:
    assert retrains(minutes) == expected


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)])
def test_a_rate_has_the_exact_interval_of_poisson(count: int, low: float, high: float) -> None:
    assert Rate(count, 30).interval == pytest.approx((low, high), rel=1e-3, abs=1e-9)
    assert Rate(count, 60).interval == pytest.approx((low / 2, high / 2), rel=1e-3, abs=1e-9)
    assert Rate(count, 60).mean == count / 2


def test_the_information_bound_is_the_published_one() -> None:
    assert [round(true_psi(each), 3) for each in CHANGES] == [0.06, 0.238, 0.926, 0.06, 0.064, 0.01]
    assert [round(information_bound(each)) for each in CHANGES] == [472, 119, 31, 472, 425, 2937]


def test_a_detector_goes_on_where_it_was_watched_last() -> None:
    stream = Stream(SPARSE, 1)
    counter = MinuteCounts(profile_of({"x": stream.reference()}, {}))
    counts = counter.count(stream.day(0), DAY)
    in_one_go, in_two = (new_detector(counter.profile, DEFAULT) for _ in range(2))
    assert len(list(watch(in_one_go, counts))) == DAY
    for part in (counts[:100], counts[100:]):
        list(watch(in_two, part))
    np.testing.assert_array_equal(in_one_go.sums.sums, in_two.sums.sums)


def test_only_confirmed_drift_of_sound_input_retrains() -> None:
    assert Minute(1, frozenset({Tier.CONFIRMED})).retrains
    assert not Minute(1, frozenset({Tier.SUSPECTED})).retrains
    assert not Minute(1, frozenset({Tier.CONFIRMED, Tier.FAULT})).retrains


def test_a_window_of_few_rows_is_not_judged() -> None:
    experiment = correlation_experiment(1)
    table = MinuteCounts(experiment.profile()).table
    vectors = [
        MinuteCounts(experiment.profile()).count(each.live[: each.rows], 1)[0]
        for each in experiment.questions
        if each.case
    ]
    assert [is_drift(table, each, 0, 1e-5) for each in vectors] == [False, True, True]


def test_a_run_s_change_comes_on_its_third_day() -> None:
    minutes = [change_minute_of(seed) for seed in range(20)]
    assert all(2 * DAY <= minute < 3 * DAY for minute in minutes)
    assert len(set(minutes)) > 10


@pytest.mark.parametrize(
    ("rows", "expected"), [([1, 2, 9], 2), ([1, 2, None], 2), ([1, None, None], float("inf"))]
)
def test_a_missing_alarm_counts_as_infinitely_late(rows: list[int | None], expected: float) -> None:
    assert median_rows([Delay("", CHANGES[0], each) for each in rows]) == expected


def test_every_shift_of_digits_keeps_rows_and_range() -> None:
    digits = Digits.load()
    for shift in (None, *GRID):
        live = digits.live(np.random.default_rng(1), 20, shift)
        assert live.shape == (20, 64 + 10)
        assert 0 <= live[:, :64].min() <= live[:, :64].max() <= 16
        np.testing.assert_allclose(live[:, 64:].sum(axis=1), 1, rtol=1e-5)


def test_a_class_that_is_left_out_is_replaced_by_others() -> None:
    digits, rows = Digits.load(), 500
    whole = digits.live(np.random.default_rng(1), rows, None)
    without = digits.live(np.random.default_rng(1), rows, Shift("class 0 left out", 1.0))
    assert (whole[:, 64:].argmax(axis=1) == 0).sum() > 30
    assert (without[:, 64:].argmax(axis=1) == 0).sum() < 5


def test_looks_of_equal_size_leave_out_the_rest() -> None:
    live = np.zeros((25, 2), dtype=np.float32)
    job = Job.of_equal_looks(live[:5], live, 10)
    assert (list(job.starts), list(job.ends)) == ([0, 10], [10, 20])


def found() -> Results:
    titles = "Holdfast, tolerance 0, level 1e-05"
    return Results(
        months=[NullMonth(traffic, {OURS: 0}) for traffic in NULLS for _ in range(4)],
        peer_nulls=[PeerNull(PEERS[0], NULLS[0], {"any column": 3}, 12.5)],
        delays=[Delay(ANY, CHANGES[0], 1_000), Delay(ANY, CHANGES[1], 500), Delay(ANY, CHANGES[5], None)],
        correlation=[Windows(titles, CORRELATION_LOST.title, 200, 10, 9), Windows(titles, None, 200, 10, 0)],
        costs=[Cost("counting", 2.5), Cost("a look", 200, is_of_row=False)],
    )


def verdict(results: Results, title: str) -> Target:
    [target] = [each for each in judged(results) if each.title == title]
    return target


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("false retrains in 30 days, i.i.d., 60 rows/min", "met"),
        ("median delay at tolerance 0, +0.25 sd in 1", "met"),
        ("median delay at tolerance 0, +0.5 sd in 1", "not met"),
        ("median delay at tolerance 0, +1 sd in 1", "not measured"),
        ("only the correlation lost, tolerance 0", "met"),
        ("only the correlation lost, tolerance 0.1", "not measured"),
        ("counting", "not met"),
    ],
)
def test_each_target_is_judged_by_its_number(title: str, expected: str) -> None:
    assert verdict(found(), title).verdict == expected


def test_false_retrains_are_judged_by_the_upper_end_of_their_interval() -> None:
    results = found()
    results.months = results.months[:3]
    assert verdict(results, "false retrains in 30 days, i.i.d., 60 rows/min").verdict == "not met"


def test_changes_below_the_least_psi_and_looks_have_no_target() -> None:
    titles = {each.title for each in judged(found())}
    assert not {"median delay at tolerance 0, +0.1 sd in 1", "a look"} & titles


def test_the_report_has_every_table_with_ours_beside_the_peers() -> None:
    text = report(found(), judged(found()))
    for expected in (
        "| Evidently 0.7.23: any column | 45 (9.3-1.3e+02) |",
        "| Evidently 0.7.23: half of the columns | 0 (0-55) |",
        "| Holdfast | 0 (0-0.92) | 0 (0-0.92) |",
        "1,000 (2.1 x)",
        "| 90% |",
        "| counting | 2.50 |",
        "Evidently 0.7.23, a look at each hour's 3,600 rows | 12.50 |",
        "**not met**",
    ):
        assert expected in text


def test_every_peer_and_our_engine_are_asked_every_question() -> None:
    options = options_of([])
    works = list(planned(options.months, options.runs, list(PEERS)))
    fields = {each.field for each in works}
    assert fields == {"months", "peer_nulls", "delays", "digits", "correlation", "real"}
    assert sum(each.field == "months" for each in works) == options.months * len(NULLS)
    for peer in PEERS:
        asked = {each.field for each in works if peer in each.arguments}
        assert {"peer_nulls", "delays", "real"} <= asked
        assert ("digits" in asked) == peer.takes_windows
