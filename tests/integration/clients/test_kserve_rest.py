"""KServe's InferenceRESTClient as it is published: V2 in JSON and raw bytes, and V1."""

import json
from typing import Any

import numpy as np
import pytest

from tests.clients.environment import run_client
from tests.integration.serving.server_process import ServerProcess
from tests.unit.serving.identity_models import WIDELY_KNOWN
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

ROWS = wine_model().rows["X"][::60]


@pytest.fixture(scope="module")
def second(identity_server: ServerProcess) -> Any:
    return run_client("kserve", "kserve_rest", "v2", identity_server.url)


@pytest.fixture(scope="module")
def first(wine_server: ServerProcess) -> Any:
    return run_client("kserve", "kserve_rest", "v1", wine_server.url, json.dumps(ROWS.tolist()))


@pytest.mark.parametrize("way", ["binary", "binary by output", "JSON"])
def test_every_datatype_comes_back_as_it_was_sent(second: Any, way: str) -> None:
    assert set(second["datatypes"]) == set(WIDELY_KNOWN)
    assert second[way] == []


def test_answers_say_what_they_answer(second: Any) -> None:
    assert second["id"] == "a1"
    assert second["model"] == "identity"


def test_health_is_understood(first: Any, second: Any) -> None:
    assert all(second[each] for each in ("live", "ready", "model ready"))
    assert not second["other model ready"]
    assert first["live"]
    assert first["model ready"]


def test_v1_rows_get_an_object_each(first: Any) -> None:
    expected = wine_model().session().run({"X": ROWS})
    predictions = first["instances"]["predictions"]
    assert [each["label"] for each in predictions] == expected["label"].tolist()
    probabilities = np.array([each["probabilities"] for each in predictions], np.float32)
    np.testing.assert_array_equal(probabilities, expected["probabilities"])


def test_v1_columns_get_columns(first: Any) -> None:
    predictions = first["inputs"]["predictions"]
    assert predictions["label"] == [each["label"] for each in first["instances"]["predictions"]]


def test_errors_reach_the_client_in_words(first: Any, second: Any) -> None:
    assert second["unknown model"][0] == first["unknown model"][0] == "404"
    assert "this is 'identity'" in second["unknown model"][1]
    assert first["wrong rows"][0] == "400"
    assert "input 'X' has shape [1, 2]" in first["wrong rows"][1]
