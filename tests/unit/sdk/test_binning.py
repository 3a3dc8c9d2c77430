"""Profiles made from rows, and rows counted in them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from holdfast.binning import category_of, column_values, count_bins, profile_of
from holdfast.profile import CategoricalColumn, NumericColumn
from holdfast.row_counter import count_rows

Y = {"y": np.zeros(1)}
FINITE32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def numeric(values: Any) -> NumericColumn:
    array = np.asarray(values)
    column = profile_of({"x": array}, {"y": np.zeros(len(array))}).column("feature", "x")
    assert isinstance(column, NumericColumn)
    return column


def categorical(values: Any) -> CategoricalColumn:
    array = np.asarray(values, dtype=object)
    column = profile_of({"x": array}, {"y": np.zeros(len(array))}).column("feature", "x")
    assert isinstance(column, CategoricalColumn)
    return column


def test_continuous_values_make_ten_equal_bins() -> None:
    column = numeric(np.random.default_rng(0).normal(size=1_000))
    assert column.counts == (100,) * 10
    assert column.missing == 0


@given(npst.arrays(np.float32, st.integers(1, 300), elements=FINITE32))
def test_counting_the_reference_rows_gives_the_reference_counts(values: np.ndarray[Any, Any]) -> None:
    column = numeric(values)
    counted = count_bins(column, values)
    assert tuple(counted.bins) == column.counts
    assert (counted.missing, counted.below, counted.above) == (0, 0, 0)
    assert sum(column.counts) == len(values)
    if len(np.unique(values)) > 1:
        assert min(column.counts) > 0


@given(npst.arrays(np.float64, st.integers(1, 100), elements=st.integers(-4, 4).map(float)))
def test_few_distinct_values_each_have_a_bin(values: np.ndarray[Any, Any]) -> None:
    column = numeric(values)
    distinct = np.unique(values)
    if len(distinct) > 1:
        assert len(column.edges) <= len(distinct) - 1
    else:
        assert column.counts == (0, len(values), 0)


def test_evenly_spread_weekdays_have_a_bin_each() -> None:
    column = numeric(np.tile(np.arange(7.0), 30))
    assert column.edges == (0.5, 1.5, 2.5, 3.5, 4.5, 5.5)
    assert column.counts == (30,) * 7


def test_ties_collapse_edges_and_keep_real_counts() -> None:
    column = numeric(np.concatenate([np.zeros(950), np.arange(1.0, 51.0)]))
    assert column.counts[0] == 950
    assert sum(column.counts) == 1_000
    assert len(column.edges) >= 5


def test_a_change_of_a_constant_is_another_bin() -> None:
    column = numeric(np.full(20, 3.0, dtype=np.float32))
    assert column.counts == (0, 20, 0)
    counted = count_bins(column, np.array([2.0, 3.0, 3.5]))
    assert tuple(counted.bins) == (1, 1, 1)
    assert (counted.below, counted.above) == (1, 1)


def test_the_greatest_number_as_a_constant_still_has_bins() -> None:
    greatest = np.finfo(np.float64).max
    assert numeric(np.full(3, greatest)).counts == (0, 3)


def test_neighbouring_floats_are_told_apart() -> None:
    low = 1.0
    high = float(np.nextafter(low, 2))
    column = numeric([low] * 5 + [high] * 5)
    assert column.counts == (5, 5)


def test_not_a_number_and_infinity_are_missing_and_in_no_bin() -> None:
    column = numeric([1.0, 2.0, np.nan, np.inf])
    assert column.missing == 2
    counted = count_bins(column, np.array([np.nan, -np.inf, 1.0, 0.5, 9.0]))
    assert (counted.missing, counted.below, counted.above) == (2, 1, 1)
    assert counted.bins.sum() == 3


def test_a_column_that_is_always_missing_has_no_range() -> None:
    column = numeric([np.nan, np.nan])
    assert (column.edges, column.counts, column.missing) == ((), (0,), 2)
    assert column.median is None
    counted = count_bins(column, np.array([1.0]))
    assert (tuple(counted.bins), counted.below, counted.above) == ((1,), 0, 0)


def test_categories_are_ranked_and_the_rest_is_other() -> None:
    values = ["b"] * 5 + ["a"] * 9 + [b"c"] + ["", None, float("nan")]
    column = categorical(values)
    assert column.categories == ("a", "b", "c")
    assert column.counts == (9, 5, 1, 0)
    assert column.missing == 3
    counted = count_bins(column, np.array(["a", "z", "", "y"], dtype=object))
    assert tuple(counted.bins) == (1, 0, 0, 2)
    assert (counted.missing, counted.unseen) == (1, 2)


def test_more_than_nineteen_categories_share_the_last_count() -> None:
    column = categorical([f"c{index:02}" for index in range(25)])
    assert len(column.categories) == 19
    assert column.counts[-1] == 6
    # "other" was in the reference, so a value of "other" cannot be told from an unseen one.
    assert count_bins(column, np.array(["c24", "new"])).unseen == 0


def test_texts_that_are_too_long_are_other() -> None:
    column = categorical(["x" * 200, "short", 7])
    assert column.categories == ("7", "short")
    assert column.counts == (1, 1, 1)


def test_truth_values_and_classes_are_categories() -> None:
    rows = 6
    profile = profile_of(
        {"flag": np.array([True, False] * 3)},
        {"label": np.arange(rows) % 3, "count": np.arange(rows) * 1.5},
    )
    flag, label = profile.column("feature", "flag"), profile.column("output", "label")
    assert isinstance(flag, CategoricalColumn)
    assert flag.categories == (0, 1)
    assert isinstance(label, CategoricalColumn)
    assert label.categories == (0, 1, 2)
    assert isinstance(profile.column("output", "count"), NumericColumn)


def test_whole_number_outputs_of_many_values_are_quantities() -> None:
    profile = profile_of({"x": np.zeros(40)}, {"count": np.arange(40)})
    assert isinstance(profile.column("output", "count"), NumericColumn)


def test_whole_number_features_are_numeric_so_that_a_new_month_is_drift() -> None:
    profile = profile_of({"month": np.array([1, 2, 3] * 5)}, {"y": np.zeros(15)})
    assert isinstance(profile.column("feature", "month"), NumericColumn)


def test_named_columns_are_categories() -> None:
    profile = profile_of({"zone": np.array([1.0, 2.0, np.nan])}, {"y": np.zeros(3)}, categorical={"zone"})
    column = profile.column("feature", "zone")
    assert isinstance(column, CategoricalColumn)
    assert (column.categories, column.missing) == ((1.0, 2.0), 1)


def test_a_table_has_a_column_per_feature_and_outputs_come_last() -> None:
    table = np.arange(12.0).reshape(4, 3)
    profile = profile_of({"x": table, "z": table[:, :1]}, {"y": table[:, :1]}, {"x": ["a", "b", "c"]})
    assert [(column.name, column.tensor, column.index) for column in profile.columns] == [
        ("a", "x", 0),
        ("b", "x", 1),
        ("c", "x", 2),
        ("z", "z", None),
        ("y", "y", None),
    ]
    counted = {
        column.name: counts
        for column, counts in count_rows(profile, {"x": table, "z": table[:, :1]}, {"y": table[:, 0]})
    }
    assert all(counts.bins.sum() == 4 for counts in counted.values())


def test_features_without_names_are_numbered() -> None:
    profile = profile_of({"x": np.zeros((2, 2))}, Y | {"y": np.zeros(2)})
    assert [column.name for column in profile.of_kind("feature")] == ["x[0]", "x[1]"]


def test_images_are_left_out() -> None:
    profile = profile_of({"image": np.zeros((2, 8, 8))}, {"y": np.zeros(2)})
    assert list(profile.of_kind("feature")) == []


def test_outputs_are_kept_when_there_are_too_many_features() -> None:
    profile = profile_of({"x": np.zeros((3, 600))}, {"y": np.zeros(3)})
    assert len(profile.columns) == 512
    assert [column.name for column in profile.of_kind("output")] == ["y"]


@pytest.mark.parametrize(
    ("inputs", "outputs", "names", "message"),
    [
        pytest.param({"x": np.zeros(0)}, {"y": np.zeros(0)}, None, "at least one", id="no rows"),
        pytest.param({"x": np.zeros(2)}, {"y": np.zeros(3)}, None, "same number", id="other rows"),
        pytest.param({"x": np.array(1.0)}, {}, None, "at least one", id="a scalar"),
        pytest.param({}, {}, None, "same number", id="no tensors"),
        pytest.param({"x": np.zeros((2, 2))}, {"y": np.zeros(2)}, {"x": ["a"]}, "names", id="names"),
        pytest.param({"x": np.zeros((2, 2))}, {"y": np.zeros(2)}, {"x": ["a", "a"]}, "same name", id="twice"),
    ],
)
def test_rows_that_make_no_profile_are_refused(
    inputs: dict[str, Any], outputs: dict[str, Any], names: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        profile_of(inputs, outputs, names)


@pytest.mark.parametrize(
    ("index", "tensor"),
    [
        pytest.param(None, np.zeros((2, 2)), id="a table for a single column"),
        pytest.param(2, np.zeros((2, 2)), id="too few features"),
        pytest.param(0, np.zeros(2), id="no table"),
        pytest.param(None, np.zeros((2, 1, 1)), id="an image"),
    ],
)
def test_tensors_of_another_form_are_refused(index: int | None, tensor: Any) -> None:
    column = numeric([1.0, 2.0]).model_copy(update={"index": index})
    with pytest.raises(ValueError, match="has no column 'x'"):
        column_values(column, tensor)


@pytest.mark.parametrize(
    ("value", "category"),
    [("a", "a"), (b"a", "a"), ("", None), (None, None), (True, 1), (2, 2), (2.5, 2.5), (float("nan"), None)],
)
def test_a_single_value_is_the_category_that_it_is_counted_as(value: Any, category: Any) -> None:
    assert category_of(value) == category
    if value is not None and not isinstance(value, str | bytes):
        counted = profile_of({"x": np.array([value])}, {"y": np.zeros(1)}, categorical={"x"}).columns[0]
        assert isinstance(counted, CategoricalColumn)
        assert counted.categories == (() if category is None else (category,))
