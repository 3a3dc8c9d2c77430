"""What a package's report says is shown beside the labels, and nothing that it does not say."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.metrics import HOLDOUT_METRIC
from holdfast.package import ModelPackage
from holdfast_serving.feedback.holdout_metrics import (
    MAX_REPORT_BYTES,
    declare_holdout_metrics,
    expected_loss,
    holdout_metrics,
)
from holdfast_serving.telemetry.metric_store import MetricStore
from tests.unit.serving.trained_models import wine_model

REPORT: dict[str, Any] = {
    "holdout": {"rows": 1344, "groups": 56},
    "metrics": [
        {"name": "mae", "candidate": 32.5, "champion": 76.1},
        {"name": "rmse", "candidate": 51.0},
        {"name": "r2", "candidate": 0.93},
        {"name": "packageBytes", "candidate": 120000},
    ],
}


def shown(package: ModelPackage) -> str:
    store = MetricStore()
    declare_holdout_metrics(package, store, {"model": "bikes", "revision": "bikes-1"})
    return store.render({HOLDOUT_METRIC.name}).decode()


def test_figures_of_the_packaged_model_are_shown(tmp_path: Path) -> None:
    content = {"model.onnx": wine_model().onnx, "report.json": json.dumps(REPORT).encode()}
    text = shown(ModelPackage.write(tmp_path / "package", content))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    labels = 'model="bikes",revision="bikes-1"'
    assert lines == [
        f'holdfast_holdout_metric{{{labels},metric="mae"}} 32.5',
        f'holdfast_holdout_metric{{{labels},metric="rmse"}} 51.0',
        f'holdfast_holdout_metric{{{labels},metric="groups"}} 56.0',
    ]


def test_package_without_a_report_or_with_a_huge_one_shows_none(tmp_path: Path) -> None:
    assert "{" not in shown(ModelPackage.write(tmp_path / "plain", {"model.onnx": wine_model().onnx}))
    content = {"model.onnx": wine_model().onnx, "report.json": b" " * (MAX_REPORT_BYTES + 1)}
    assert "{" not in shown(ModelPackage.write(tmp_path / "huge", content))


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="not JSON"),
        pytest.param(b"[" * 100_000, id="nested too deep"),
        pytest.param(b"[]", id="no object"),
        pytest.param(json.dumps({**REPORT, "holdout": None}).encode(), id="no holdout"),
        pytest.param(json.dumps({**REPORT, "holdout": {"groups": 0}}).encode(), id="no groups"),
        pytest.param(json.dumps({**REPORT, "holdout": {"groups": True}}).encode(), id="a truth value"),
        pytest.param(b'{"holdout": {"groups": 1e999}}', id="endless groups"),
        pytest.param(b'{"holdout": {"groups": 1' + b"0" * 400 + b"}}", id="a number beyond floats"),
    ],
)
def test_report_in_another_form_shows_nothing(report: bytes) -> None:
    assert holdout_metrics(report) == {}


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param(None, id="none"),
        pytest.param({"mae": 3}, id="an object"),
        pytest.param([1, None, {"name": ["mae"]}], id="other things"),
        pytest.param([{"name": "mae", "candidate": "3"}], id="a text"),
        pytest.param([{"name": "mae", "candidate": float("nan")}], id="no number"),
    ],
)
def test_metrics_in_another_form_are_left_out(metrics: object) -> None:
    assert holdout_metrics(json.dumps({**REPORT, "metrics": metrics}).encode()) == {"groups": 56}


@given(st.binary())
def test_any_report_is_read_or_left_alone(report: bytes) -> None:
    assert all(isinstance(value, float) for value in holdout_metrics(report).values())


LOSSES = {"metric": "mae", "output": "count", "mean": 5.0, "losses": [1.0, 9.0]}


def test_losses_by_prediction_are_shown_by_bin(tmp_path: Path) -> None:
    store = MetricStore()
    report = json.dumps({"expectedLoss": LOSSES}).encode()
    package = ModelPackage.write(tmp_path / "package", {"model.onnx": b"x", "report.json": report})
    declare_holdout_metrics(package, store, {"model": "bikes", "revision": "bikes-1"})
    text = store.render().decode()
    marks = 'model="bikes",revision="bikes-1",metric="mae",name="count"'
    assert f'holdfast_expected_loss{{{marks},bin="0"}} 1' in text
    assert f'holdfast_expected_loss{{{marks},bin="1"}} 9' in text


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"not JSON",
        b"[]",
        b"{}",
        json.dumps({"expectedLoss": LOSSES | {"losses": []}}).encode(),
        json.dumps({"expectedLoss": LOSSES | {"losses": [-1]}}).encode(),
        json.dumps({"expectedLoss": LOSSES | {"metric": "mood"}}).encode(),
    ],
)
def test_losses_in_another_form_are_none(report: bytes) -> None:
    assert expected_loss(report) is None
