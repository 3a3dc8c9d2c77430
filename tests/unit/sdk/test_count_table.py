"""Everything that a profile counts is one vector."""

import numpy as np
import pytest

from holdfast.binning import profile_of
from holdfast.count_table import CountTable, Series
from holdfast.profile import Profile
from holdfast.row_counter import RowCounter
from tests.unit.sdk.drift_traffic import categorical, numeric, profile

ROWS = np.random.default_rng(3)


def counted(rows: int) -> tuple[CountTable, np.ndarray]:
    features = ROWS.standard_normal((500, 3))
    names = {"x": ["a", "b", "c"]}
    table_profile = profile_of(
        {"x": features, "side": np.array(["n", "s"] * 250)}, {"y": features.sum(axis=1)}, names
    )
    live = ROWS.standard_normal((rows, 3))
    live[0, 0], live[1, 1] = np.nan, 1000.0
    inputs = {"x": live, "side": np.array(["n"] * (rows - 1) + ["east"])}
    steps = RowCounter(table_profile).count(inputs, {"y": live.sum(axis=1)})
    table = CountTable(table_profile)
    return table, table.vector_of_rows(rows, [each for step in steps for each in step])


def test_rows_of_the_servers_counter_fill_every_cell() -> None:
    table, vector = counted(100)
    assert (vector[0], vector[-1], len(vector)) == (100, 0, table.size)
    assert vector[table.cell(("anomaly", "feature", "a", "missing"))] == 1
    assert vector[table.cell(("anomaly", "feature", "b", "far"))] == 1
    assert vector[table.cell(("anomaly", "feature", "side", "unseen"))] == 1
    assert vector[table.bins].sum(axis=1).tolist() == [
        99 if column.name in ("a", "y") else 100 for column in table.columns
    ]


def test_series_are_found_and_others_are_left_out() -> None:
    table = CountTable(profile(features=1))
    counts: dict[Series, int] = {
        ("rows",): 9,
        ("bin", "feature", "x0", "3"): 4,
        ("anomaly", "output", "y", "missing"): 2,
        ("anomaly", "feature", "x0", "above"): 5,
        ("bin", "feature", "x0", "77"): 5,
    }
    vector = table.vector(counts)
    assert vector.sum() == 15
    assert vector[table.bins[0, 3]] == 4
    assert vector[table.cell(("anomaly", "output", "y", "missing"))] == 2


def test_columns_with_fewer_bins_are_padded_with_a_cell_that_stays_empty() -> None:
    table = CountTable(profile(features=1))
    assert [table.columns[index].name for index in table.find(["side"])] == ["side"]
    assert table.find([]).tolist() == [0, 1, 2]
    assert (table.bins[1] == table.size - 1).sum() == 7
    assert table.reference[1].tolist() == [2500, 2500, *[0] * 8]
    assert table.column_of_bin.tolist() == [0] * 10 + [1] * 3 + [2] * 10


@pytest.mark.parametrize(
    ("name", "anomaly", "reference", "upper"),
    [
        pytest.param("x0", "missing", 0.02, 0.0269, id="missing values of the reference"),
        pytest.param("x0", "far", 0.0, 0.00138, id="nothing is far off itself"),
        pytest.param("side", "unseen", 0.0, 0.00138, id="all categories are known"),
        pytest.param("rare", "unseen", 0.2, 0.2180, id="rare categories may be unseen ones"),
        pytest.param("empty", "missing", 1.0, 1.0, id="always missing"),
    ],
)
def test_share_of_the_reference_is_known_as_well_as_its_rows_tell(
    name: str, anomaly: str, reference: float, upper: float
) -> None:
    columns = (
        numeric("x0").model_copy(update={"missing": 100, "counts": (490,) * 10}),
        categorical("side"),
        categorical("rare").model_copy(update={"counts": (2000, 2000, 1000)}),
        numeric("empty").model_copy(update={"missing": 5000, "counts": (0,) * 10}),
    )
    table = CountTable(Profile(rows=5000, columns=columns))
    (share,) = [
        each for each in table.shares if (table.columns[each.column].name, each.anomaly) == (name, anomaly)
    ]
    assert share.reference == pytest.approx(reference)
    assert share.upper == pytest.approx(upper, abs=5e-4)


def test_profile_without_columns_has_a_table_too() -> None:
    table = CountTable(Profile(rows=1, columns=()))
    assert (table.size, table.shares, table.bins.shape) == (2, (), (0, 1))
