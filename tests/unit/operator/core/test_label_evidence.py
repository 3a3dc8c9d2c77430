"""The state of a group's test goes on from block to block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.performance import NO_LOSSES, Losses, LossKind, upper_bound
from holdfast_operator.core.label_evidence import (
    LabelEvidence,
    PackageBaseline,
    Step,
    baseline_of,
    budget_shares,
    evidence_of,
    given_baseline,
    label_test_of,
    recent_losses,
    take_block,
)
from tests.unit.operator.core.builders import at
from tests.unit.operator.core.label_windows import (
    ACCURACY,
    BAD,
    GOOD,
    MAE,
    evidence_after,
    off,
    trigger_of,
    wrong,
)

TEST = label_test_of(trigger_of())


def test_metric_of_the_policy_becomes_a_loss() -> None:
    accuracy = label_test_of(trigger_of(ACCURACY, baseline="0.9"))
    assert (accuracy.kind, accuracy.tolerance) == (LossKind.ERROR, 0.02)
    assert accuracy.baseline == pytest.approx(0.1)
    mae = label_test_of(trigger_of(MAE, baseline="32.7", slices=["hour"]))
    assert (mae.kind, mae.tolerance, mae.baseline) == (LossKind.ABSOLUTE_ERROR, 10, 32.7)
    assert mae.slices == ("hour",)


def test_baseline_is_that_of_the_policy_then_of_the_package_then_of_the_first_labels() -> None:
    package = PackageBaseline(mean=0.05, deviation=(0.05 * 0.95) ** 0.5, rows=1000)
    stated = given_baseline(label_test_of(trigger_of(baseline="0.9")), package)
    assert stated is not None
    assert stated.source == "Spec"
    assert stated.mean == stated.upper == pytest.approx(0.1)
    reported = given_baseline(TEST, package)
    assert reported is not None
    assert (reported.source, reported.mean) == ("Package", 0.05)
    assert reported.upper == pytest.approx(upper_bound(LossKind.ERROR, Losses(1000, 50, 50)))
    assert given_baseline(TEST, None) is None
    few, enough = (evidence_after(TEST, [wrong(GOOD)] * blocks) for blocks in (1, 2))
    assert baseline_of(TEST, few, None) is None
    learned = baseline_of(TEST, enough, None)
    assert learned is not None
    assert (learned.source, learned.mean) == ("FirstLabels", 0.05)
    assert learned.upper > 0.07
    assert baseline_of(TEST, enough, reported) is reported


def test_spread_of_a_packages_errors_makes_its_baseline_less_certain() -> None:
    test = label_test_of(trigger_of(MAE))
    calm, wild = (given_baseline(test, PackageBaseline(32.7, deviation, 60)) for deviation in (10.0, 60.0))
    assert calm is not None
    assert wild is not None
    assert 32.7 < calm.upper < 36 < wild.upper


def test_first_labels_become_the_baseline_and_the_next_ones_are_tested() -> None:
    state = evidence_after(TEST, [wrong(GOOD)] * 5)
    assert (state.first.rows, state.tested.rows, state.labels) == (200, 300, 500)
    assert evidence_of(TEST, state, 1.0) == 0
    assert evidence_of(TEST, evidence_after(TEST, [wrong(GOOD)] * 3 + [wrong(BAD)]), 1.0) > 0.5
    assert evidence_of(TEST, evidence_after(TEST, [wrong(GOOD)] * 3 + [wrong(BAD)] * 3), 1.0) == 1


def test_block_without_labels_changes_nothing_and_its_time_is_not_lost() -> None:
    state = evidence_after(TEST, [wrong(GOOD)] * 3)
    assert take_block(TEST, state, NO_LOSSES, Step(at(9e5).timestamp(), None, 1.0)) == state


def test_rare_labels_need_less_evidence_since_looks_are_rare_too() -> None:
    state = evidence_after(TEST, [wrong(GOOD)] * 3)
    soon, late = (
        take_block(TEST, state, wrong(BAD, 60), Step(state.last_step + seconds, None, 1.0))
        for seconds in (60, 5 * 86400)
    )
    assert evidence_of(TEST, soon, 1.0) < 1
    assert evidence_of(TEST, late, 1.0) == 1


def test_look_that_is_not_later_spends_nearly_nothing() -> None:
    state = evidence_after(TEST, [wrong(GOOD)] * 3)
    odd = take_block(TEST, state, wrong(0.2, 10), Step(state.last_step - 5, None, 1.0))
    assert evidence_of(TEST, odd, 1.0) == 0


def test_recent_losses_are_those_of_the_window() -> None:
    test = label_test_of(trigger_of(windowSeconds=800))
    start = 8e8  # a multiple of a bucket
    state = LabelEvidence(last_step=start)
    for index in range(20):
        state = take_block(test, state, wrong(GOOD, 100 + index), Step(start + 100 * index, None, 1.0))
    assert len(state.recent) == 8
    assert recent_losses(test, state, start + 1900).rows == sum(100 + index for index in range(12, 20))
    assert recent_losses(test, state, start + 2600).rows == 119
    assert recent_losses(test, state, start + 9000) == NO_LOSSES


def test_budget_is_for_all_rows_and_half_of_it_for_slices_where_there_are_some() -> None:
    assert budget_shares(0) == (1, 0)
    assert budget_shares(4) == (0.5, 0.125)


@given(
    sizes=st.lists(st.integers(0, 50), min_size=1, max_size=8),
    share=st.floats(0.0, 1.0),
    kind=st.sampled_from(["accuracy", "mae"]),
)
def test_labels_are_neither_lost_nor_counted_twice(sizes: list[int], share: float, kind: str) -> None:
    test = label_test_of(trigger_of(ACCURACY if kind == "accuracy" else MAE))
    blocks = [wrong(share, size) if kind == "accuracy" else off(30 * share, size) for size in sizes]
    state = evidence_after(test, blocks)
    assert state.labels == sum(sizes)
    assert sum((losses for _, losses in state.recent), NO_LOSSES).rows == sum(sizes)
    assert 0 <= evidence_of(test, state, 1.0) <= 1
