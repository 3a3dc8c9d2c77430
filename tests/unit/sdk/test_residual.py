"""The residual: features that come apart are seen although each is distributed as before."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from holdfast.binning import profile_of
from holdfast.drift import g_statistic, p_value
from holdfast.failures import ModelError
from holdfast.numeric_block import ColumnCounts
from holdfast.profile import MAX_PROFILE_BYTES, Profile
from holdfast.residual import fit_projection, residuals
from holdfast.row_counter import count_rows

FEATURES = 8
Rows = np.ndarray[Any, Any]


def correlated(rows: int, seed: int) -> Rows:
    generator = np.random.default_rng(seed)
    mixing = np.linalg.cholesky(0.4 * np.ones((FEATURES, FEATURES)) + 0.6 * np.eye(FEATURES))
    return (generator.normal(size=(rows, FEATURES)) @ mixing.T).astype(np.float32)


def torn_apart(rows: Rows, seed: int) -> Rows:
    """Return the rows with every column shuffled by itself: the same values, no correlation."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(column) for column in rows.T], axis=1)


def profile(seed: int = 0, rows: int = 2_000) -> Profile:
    table = correlated(rows, seed)
    return profile_of({"x": table}, {"y": table[:, 0]})


def p_values(profile: Profile, live: Rows) -> dict[str, float]:
    counted = count_rows(profile, {"x": live}, {"y": live[:, 0]})
    return {
        column.name: p_value(*g_statistic(counts.bins, column.counts), tolerance=0)
        for column, counts in counted
    }


def test_a_broken_correlation_is_significant_at_200_rows_and_no_column_alone_is() -> None:
    found = p_values(profile(), torn_apart(correlated(200, seed=1), seed=2))
    assert found.pop("residual") < 1e-9
    assert min(found.values()) > 1e-3


def test_unchanged_rows_are_as_rarely_significant_as_they_should_be() -> None:
    rejected = [
        p_values(profile(seed), correlated(1_000, seed=1_000 + seed))["residual"] < 0.05 for seed in range(80)
    ]
    assert sum(rejected) <= 11  # 4 expected; more than 11 happen once in 2,000 times


def test_components_are_made_from_one_half_and_counted_on_the_other() -> None:
    made = profile(rows=2_001)
    column = made.column("residual", "residual")
    assert column is not None
    assert column.rows == 1_000
    assert made.residual is not None
    assert made.residual.features == tuple(f"x[{index}]" for index in range(FEATURES))


@given(npst.arrays(np.float64, (17, FEATURES), elements=st.floats(width=64)), st.integers(1, 16))
@settings(max_examples=50)
def test_the_residual_of_a_row_does_not_depend_on_its_neighbours(table: Rows, cut: int) -> None:
    projection = profile().residual
    assert projection is not None
    together = residuals(projection, list(table.T))
    parts = [residuals(projection, list(part.T)) for part in (table[:cut], table[cut:])]
    assert np.array_equal(together, np.concatenate(parts))
    assert np.isfinite(together).all()
    assert (together >= 0).all()


def test_a_missing_value_counts_as_the_mean() -> None:
    projection = profile().residual
    assert projection is not None
    row = correlated(1, seed=3).astype(np.float64)
    with_mean, missing, endless = row.copy(), row.copy(), row.copy()
    with_mean[0, 2], missing[0, 2], endless[0, 2] = projection.mean[2], np.nan, np.inf
    expected = residuals(projection, list(with_mean.T))
    assert residuals(projection, list(missing.T)) == expected
    assert residuals(projection, list(endless.T)) == expected


def test_features_that_repeat_another_leave_no_rounding_to_count() -> None:
    values = np.random.default_rng(4).normal(size=400)
    made = profile_of({"a": values, "b": 3 * values + 1}, {"y": values})
    live = np.random.default_rng(5).normal(size=300)
    counted = {c.name: n for c, n in count_rows(made, {"a": live, "b": 3 * live + 1}, {"y": live})}
    assert counted["residual"].bins.tolist() == [0, 300, 0]
    apart = {c.name: n for c, n in count_rows(made, {"a": live, "b": -3 * live + 1}, {"y": live})}
    assert apart["residual"].bins[2] > 290


@pytest.mark.parametrize(
    "features",
    [
        pytest.param({}, id="no features"),
        pytest.param({"a": np.arange(500.0)}, id="one feature"),
        pytest.param({"a": np.arange(39.0), "b": np.arange(39.0) ** 2}, id="too few rows"),
        pytest.param({"a": np.arange(500.0), "b": np.ones(500)}, id="a constant"),
        pytest.param({"a": np.arange(500.0), "b": np.full(500, np.nan)}, id="missing everywhere"),
        pytest.param({"a": np.arange(500.0), "b": np.array([1e308, -1e308] * 250)}, id="infinite variance"),
    ],
)
def test_without_two_varying_features_and_enough_rows_there_is_none(features: dict[str, Rows]) -> None:
    assert fit_projection(features) is None


def test_wide_tables_are_bounded() -> None:
    table = np.random.default_rng(6).normal(size=(3_000, 600))
    made = profile_of({"x": table}, {"y": table[:, 0]})
    assert made.residual is not None
    assert (len(made.residual.features), len(made.residual.components)) == (64, 8)
    assert len(made.to_json()) < MAX_PROFILE_BYTES


def test_categories_and_texts_are_no_part_of_it() -> None:
    table = correlated(500, seed=7)
    texts = np.array(["a", "b"] * 250, dtype=object)
    made = profile_of({"x": table, "t": texts}, {"y": table[:, 0]}, categorical={"x[1]"})
    assert made.residual is not None
    assert not {"t", "x[1]", "y"} & set(made.residual.features)


def test_a_profile_with_a_residual_survives_json_and_is_version_2() -> None:
    made = profile()
    assert made.schema_version == 2
    assert Profile.parse(made.to_json()) == made


def test_profiles_without_a_residual_are_written_and_hashed_as_they_were() -> None:
    made = profile_of({"x": np.arange(10.0)}, {"y": np.arange(10.0)})
    assert "residual" not in json.loads(made.to_json())
    assert (made.schema_version, made.hash) == (1, "7acb494a8c1f197f")


def _without_residual(document: dict[str, Any]) -> None:
    del document["residual"]


def _of_a_stranger(document: dict[str, Any]) -> None:
    document["residual"]["features"][0] = "stranger"


def _too_short(document: dict[str, Any]) -> None:
    document["residual"]["mean"].pop()


def _flat(document: dict[str, Any]) -> None:
    document["residual"]["scale"][0] = 0


def _old(document: dict[str, Any]) -> None:
    document["schemaVersion"] = 1


def _renamed(document: dict[str, Any]) -> None:
    document["columns"][-1]["name"] = "rest"


def _too_many_rows(document: dict[str, Any]) -> None:
    document["columns"][-1]["counts"][0] += 2_000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_residual, "version 2 has a residual"),
        (_of_a_stranger, "not a numeric feature"),
        (_too_short, "one number per feature"),
        (_flat, "greater than 0"),
        (_old, "version 1 neither"),
        (_renamed, "name and tensor 'residual'"),
        (_too_many_rows, "more rows than there are"),
    ],
)
def test_malformed_residuals_are_refused(spoil: Callable[[dict[str, Any]], None], message: str) -> None:
    document = json.loads(profile().to_json())
    spoil(document)
    with pytest.raises(ModelError, match=message):
        Profile.parse(json.dumps(document).encode())


def test_the_residual_of_rows_is_counted_last() -> None:
    made = profile()
    *_, (column, counts) = count_rows(made, {"x": correlated(50, 8)}, {"y": np.zeros(50)})
    assert column.kind == "residual"
    assert isinstance(counts, ColumnCounts)
    assert counts.bins.sum() == 50
