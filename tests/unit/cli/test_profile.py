"""`holdfast profile`: one profile as a table, two of them compared."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.binning import profile_of
from holdfast.cli.profile_comparison import compare_profiles, estimate_psi
from holdfast.profile import Profile
from tests.unit.cli.invocation import Run
from tests.unit.cli.models import FEATURES, make_rows


def make_profile(shift: float = 0.0, rows: int = 2000) -> Profile:
    features = make_rows(rows, shift)
    weather = np.where(features[:, 0] > 8, "sun", "rain")
    return profile_of({"x": features, "weather": weather}, {"count": features.sum(1)}, {"x": FEATURES})


def write(profile: Profile, path: Path) -> str:
    path.write_bytes(profile.to_json())
    return str(path)


def test_the_table_shows_ranges_and_categories(tmp_path: Path, run: Run) -> None:
    answer = run("profile", write(make_profile(), tmp_path / "profile.json"))
    assert answer.code == 0
    lines = {line.split()[0]: line for line in answer.out.splitlines()[2:]}
    assert lines.keys() == {"temperature", "hour", "weather", "count", "residual"}
    assert "numeric" in lines["temperature"]
    assert "rain 7" in lines["weather"]
    assert "output, numeric" in lines["count"]


def test_a_package_folder_will_do(tmp_path: Path, run: Run) -> None:
    profile = make_profile()
    write(profile, tmp_path / "profile.json")
    assert json.loads(run("profile", str(tmp_path), "-o", "json").out)["hash"] == profile.hash


def test_a_warmer_season_stands_out_and_the_hours_do_not(tmp_path: Path, run: Run) -> None:
    before, after = write(make_profile(), tmp_path / "a.json"), write(make_profile(8), tmp_path / "b.json")
    document = json.loads(run("profile", before, after, "-o", "json").out)
    psi = {each["name"]: each["estimatedPsi"] for each in document["columns"]}
    assert psi["temperature"] > 1
    assert psi["weather"] > 1
    assert psi["hour"] < 0.02
    first = run("profile", before, after).out.splitlines()[2]
    assert first.split()[0] in {"temperature", "weather", "count"}


def test_a_column_in_one_profile_only_comes_first(tmp_path: Path, run: Run) -> None:
    rows = make_rows()
    with_hour = profile_of({"x": rows}, {}, {"x": FEATURES})
    without = profile_of({"temperature": rows[:, 0]}, {}, {})
    only_before, _ = run(
        "profile", write(with_hour, tmp_path / "a.json"), write(without, tmp_path / "b.json")
    ).out.splitlines()[2:]
    assert only_before.split()[0] == "hour"
    assert "only before" in only_before
    assert compare_profiles(without, with_hour)[0].before is None


def test_a_number_that_became_a_category_has_no_psi() -> None:
    rows = make_rows()
    number = profile_of({"x": rows}, {}, {"x": FEATURES}).column("feature", "hour")
    category = profile_of({"x": rows}, {}, {"x": FEATURES}, ["hour"]).column("feature", "hour")
    assert number is not None
    assert category is not None
    assert estimate_psi(number, category) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200))
def test_a_profile_does_not_differ_from_itself(values: list[float]) -> None:
    column = profile_of({"x": np.array(values)}, {}).columns[0]
    assert estimate_psi(column, column) == pytest.approx(0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200),
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200),
)
def test_any_two_columns_can_be_compared(before: list[float], after: list[float]) -> None:
    first, second = (profile_of({"x": np.array(values)}, {}).columns[0] for values in (before, after))
    psi = estimate_psi(first, second)
    assert psi is not None
    assert np.isfinite(psi)
    assert psi >= 0


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [(None, 4, "cannot read"), (b"{}", 1, "profile.json")],
    ids=["absent", "bad"],
)
def test_an_unreadable_profile_is_said_to_be_so(
    tmp_path: Path, run: Run, content: bytes | None, code: int, message: str
) -> None:
    if content is not None:
        (tmp_path / "profile.json").write_bytes(content)
    answer = run("profile", str(tmp_path))
    assert answer.code == code
    assert message in answer.err
