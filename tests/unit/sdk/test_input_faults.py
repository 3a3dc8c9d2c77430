"""Faults of the input: a point more than the reference is tolerated."""

import numpy as np
import pytest

from holdfast.drift import share_p_value
from holdfast.input_faults import FaultTests
from tests.unit.sdk.drift_traffic import Traffic, detector_of

DETECTOR = detector_of()
TABLE = DETECTOR.table
NO_SPREAD = np.zeros(len(TABLE.shares))


def faults_of(names: list[str] | None = None) -> FaultTests:
    return FaultTests(TABLE, TABLE.find(names or []))


def test_watched_columns_are_tested_for_what_can_be_wrong_with_them() -> None:
    found = [
        (TABLE.columns[each.column].name, each.anomaly) for each in faults_of(["x1", "side", "y"]).shares
    ]
    assert found == [
        ("x1", "missing"),
        ("x1", "far"),
        ("side", "missing"),
        ("side", "unseen"),
        ("y", "missing"),
    ]


@pytest.mark.parametrize(
    ("rows", "count", "is_fault"),
    [
        pytest.param(1000, 10, False, id="as tolerated"),
        pytest.param(1000, 40, True, id="four points"),
        pytest.param(100_000, 1400, True, id="a little more than tolerated, of many"),
        pytest.param(199, 199, False, id="too few rows"),
    ],
)
def test_share_may_grow_by_a_point(rows: int, count: int, is_fault: bool) -> None:
    tests = faults_of(["x0"])
    counts = Traffic(DETECTOR).rows(rows, faults=[("x0", "missing", count)])
    p = tests.p_values(counts, NO_SPREAD)
    assert bool(p[0] < 1e-4) is is_fault
    assert p[1] == 1
    if is_fault:
        assert p[0] == pytest.approx(share_p_value(count, rows, tests.shares[0].upper, 0.01))
    assert tests.excess(0, counts) == pytest.approx(count / rows - tests.shares[0].upper)


def test_share_that_varies_anyway_takes_more() -> None:
    tests = faults_of(["x0"])
    counts = Traffic(DETECTOR).rows(1000, faults=[("x0", "missing", 40)])
    assert tests.p_values(counts, NO_SPREAD + 0.05)[0] > 0.01
