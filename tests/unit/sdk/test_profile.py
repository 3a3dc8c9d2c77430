"""Reading a profile.json, which may come from anyone."""

import json
from typing import Any

import numpy as np
import pytest

from holdfast.binning import profile_of
from holdfast.failures import ModelError
from holdfast.profile import MAX_PROFILE_BYTES, Profile
from holdfast.results import ModelFailureReason

NUMERIC = {
    "kind": "feature",
    "name": "age",
    "tensor": "x",
    "index": 0,
    "type": "numeric",
    "edges": [1, 2.5],
    "counts": [3, 4, 2],
    "missing": 1,
    "min": 0,
    "max": 9,
    "median": 2,
}
CATEGORICAL = {
    "kind": "feature",
    "name": "zone",
    "tensor": "zone",
    "index": None,
    "type": "categorical",
    "categories": ["a", 2],
    "counts": [5, 4, 1],
    "missing": 0,
}


def document(*columns: dict[str, Any], rows: int = 10) -> bytes:
    return json.dumps({"schemaVersion": 1, "rows": rows, "columns": columns}).encode()


def test_a_profile_survives_the_way_through_json_with_its_hash() -> None:
    generator = np.random.default_rng(1)
    profile = profile_of({"x": generator.normal(size=(50, 3)).astype(np.float32)}, {"y": np.arange(50) % 2})
    again = Profile.parse(profile.to_json())
    assert again == profile
    assert again.hash == profile.hash
    assert len(profile.hash) == 16


def test_the_hash_does_not_depend_on_how_the_json_is_written() -> None:
    profile = Profile.parse(document(NUMERIC, CATEGORICAL))
    spaced = json.dumps(json.loads(profile.to_json()), indent=4).encode()
    assert Profile.parse(spaced).hash == profile.hash


def test_whole_categories_stay_whole() -> None:
    column = Profile.parse(document(CATEGORICAL)).columns[0]
    assert json.loads(column.model_dump_json())["categories"] == ["a", 2]


def test_columns_are_found_by_kind_and_name() -> None:
    profile = Profile.parse(document(NUMERIC, CATEGORICAL))
    assert profile.column("feature", "zone") == profile.columns[1]
    assert profile.column("output", "zone") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"edges": [2, 1]}, "strictly increasing", id="edges fall"),
        pytest.param({"edges": [1, 1]}, "strictly increasing", id="edges repeat"),
        pytest.param({"edges": [1]}, "one entry more than edges", id="counts too many"),
        pytest.param({"counts": [3, 4, -2]}, "greater than or equal to 0", id="negative"),
        pytest.param({"counts": [3, 4, 2**60]}, "less than or equal", id="huge"),
        pytest.param({"missing": 5}, "add up to rows", id="sum"),
        pytest.param({"edges": [1, "NaN"]}, "finite", id="not a number"),
        pytest.param({"max": "Infinity"}, "finite", id="infinite"),
        pytest.param({"name": ""}, "at least 1 character", id="no name"),
        pytest.param({"name": "x" * 129}, "at most 128", id="long name"),
        pytest.param({"kind": "weather"}, "feature", id="kind"),
        pytest.param({"type": "text"}, "numeric", id="type"),
        pytest.param({"index": -1}, "greater than or equal to 0", id="index"),
        pytest.param({"surprise": 1}, "not permitted", id="unknown field"),
        pytest.param({"edges": list(range(10)), "counts": [1] * 11}, "at most 9", id="too many bins"),
    ],
)
def test_malformed_numeric_columns_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as refused:
        Profile.parse(document({**NUMERIC, **change}))
    assert refused.value.reason == ModelFailureReason.PACKAGE_INVALID


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"categories": ["a", "a"]}, "listed twice", id="twice"),
        pytest.param({"categories": ["a"]}, "one entry more than categories", id="counts"),
        pytest.param({"categories": list(range(20)), "counts": [0] * 21}, "at most 19", id="too many"),
        pytest.param({"categories": ["x" * 129, "b"]}, "at most 128", id="long"),
    ],
)
def test_malformed_categorical_columns_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Profile.parse(document({**CATEGORICAL, **change}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "JSON", id="empty"),
        pytest.param(b"\xff\xfe", "JSON", id="bytes"),
        pytest.param(b"[" * 100_000, "JSON|recursion", id="deep"),
        pytest.param(b" " * (MAX_PROFILE_BYTES + 1), "larger than", id="large"),
        pytest.param(document(NUMERIC, NUMERIC), "same name", id="same name"),
        pytest.param(document(rows=0), "greater than or equal to 1", id="no rows"),
        pytest.param(b'{"schemaVersion":3,"rows":1,"columns":[]}', "schemaVersion", id="version"),
    ],
)
def test_documents_that_are_no_profile_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Profile.parse(content)
